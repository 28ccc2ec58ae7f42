"""English words of a source that accepts nothing."""

from typing import Final

WORDS: Final[dict[str, str]] = {
    "sources.progress.unset": "not set up",
    "sources.lacks.not_set": (
        "Nothing is accepted: the secret {names} is not set. Set that variable where ingest runs, and restart it"
    ),
    "sources.lacks.not_given": (
        "Nothing is accepted: the floor file gives this source no secret {names}. "
        "Add it to secrets and apply the file: srez floor apply"
    ),
    "sources.lacks.none_given": (
        "Nothing is accepted: the floor file gives this source no secret at all. "
        "Add one and apply the file: srez floor apply"
    ),
    "sources.lacks.unknown_provider": (
        "Nothing is accepted: the provider {names} is not known. "
        "Mend its provider in the floor file and apply the file: srez floor apply"
    ),
}
