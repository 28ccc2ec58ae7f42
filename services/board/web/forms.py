"""Plain forms: from the board's own pages only, small, and without oddities."""

from typing import Final
from urllib.parse import parse_qs

from fastapi import HTTPException, Request

from services.board.web.sameorigin import from_own_form

LARGEST: Final = 8192


async def form(request: Request) -> dict[str, str]:
    """Fields of a plain form of ours. Raises: HTTPException 403, 413, 422."""
    if not from_own_form(request.headers):
        raise HTTPException(403, "cross_site")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise HTTPException(413, "too_large")
    try:
        found = parse_qs(body.decode(), keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise HTTPException(422, "bad_request") from error
    if any("\x00" in value for values in found.values() for value in values):
        raise HTTPException(422, "bad_request")
    return {key: values[0] for key, values in found.items()}


def address(request: Request) -> str:
    return request.client.host if request.client else "unknown"
