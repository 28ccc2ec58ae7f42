"""Connections that do not bring a request are closed; those that do are served."""

import asyncio

import pytest
from fastapi import FastAPI

from services.kit import http
from services.kit.patience import Impatient


@pytest.mark.parametrize("begin", [b"", b"POST /x HTTP/1.1\r\nhost: x\r\nx-slow: a"])
async def test_a_connection_that_never_heads_its_request_is_closed(
    begin: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing sent, or headers that never end: the server hangs up; a whole request before that is answered."""
    monkeypatch.setattr(Impatient, "headers_s", 0.2)
    app = FastAPI()

    @app.get("/")
    async def root() -> str:
        return "here"

    server, task = await http.serve_beside(app, "127.0.0.1", 0)
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (await reader.readuntil(b'"here"')).startswith(b"HTTP/1.1 200")
    other_reader, other = await asyncio.open_connection("127.0.0.1", port)
    other.write(begin)
    assert await asyncio.wait_for(other_reader.read(), 5) == b""
    writer.write(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (await reader.readuntil(b'"here"')).startswith(b"HTTP/1.1 200")
    for closing in (writer, other):
        closing.close()
    server.should_exit = True
    await task
