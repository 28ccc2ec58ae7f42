"""``python -m services.ingest.providers``: write docs/PROVIDERS.md anew."""

from services.ingest.providers.table import FILE, text

if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
