"""The JSON Schema of the floor file, for editors. ``python -m schemas.floor`` writes it to ``schemas/floor.schema.json``.

It knows keys, types and ranges; references and ties are found by ``srez floor check`` only.
"""

import json
from pathlib import Path
from typing import Any, Final

from schemas.floor.model import Floor

FILE: Final = Path(__file__).parents[1] / "floor.schema.json"


def schema() -> dict[str, Any]:
    found = Floor.model_json_schema(by_alias=True, mode="validation")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found, "title": "Srez floor"}


def text() -> str:
    """The file's content."""
    return json.dumps(schema(), ensure_ascii=False, indent=2) + "\n"
