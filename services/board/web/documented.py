"""OpenAPI of answers that are written by msgspec: the schema is made from the very structs that are sent."""

from typing import Any

import msgspec

PROBLEM: dict[str, Any] = {
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"error": {"type": "string"}, "reason": {"type": "string"}},
                "required": ["error", "reason"],
            }
        }
    }
}


def answer(row: type[msgspec.Struct], description: str, **more: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """Responses of a list resource: ``{"as_of", "rows"}`` and the problems it may have."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {
            "as_of": {"type": "string", "format": "date-time"},
            "rows": {"type": "array", "items": inlined(row)},
            **more,
        },
        "required": ["as_of", "rows", *more],
    }
    return {
        200: {"description": description, "content": {"application/json": {"schema": schema}}},
        400: {"description": "called by a name that is not allowed (SREZ_BOARD_HOSTS)"},
        503: {"description": "the database does not answer, or no floor was applied yet", **PROBLEM},
    }


def inlined(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """JSON Schema of a struct without references."""
    schema = msgspec.json.schema(kind)
    definitions: dict[str, Any] = schema.get("$defs", {})

    def resolve(node: Any) -> Any:
        if isinstance(node, dict):
            if "$ref" in node:
                return resolve(definitions[node["$ref"].rsplit("/", 1)[-1]])
            return {key: resolve(value) for key, value in node.items() if key != "$defs"}
        if isinstance(node, list):
            return [resolve(value) for value in node]
        return node

    found: dict[str, Any] = resolve(schema)
    return found
