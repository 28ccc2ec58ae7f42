"""``python -m schemas.floor``: write the JSON Schema of the floor file anew."""

from schemas.floor.schema import FILE, text

if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
