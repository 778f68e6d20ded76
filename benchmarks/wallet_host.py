"""A wallet host that costs next to nothing: it echoes every credential, or plays other kinds. Loopback only."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

UPSERT = "https://purl.imsglobal.org/spec/ob/v3p0/scope/credential.upsert"


@contextmanager
def running() -> Iterator[str]:
    """Its base URL."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_main, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.terminate()
        process.join()


def description(url: str) -> dict[str, Any]:
    """The Service Description Document."""
    flow = {
        "authorizationUrl": f"{url}/authorize", "tokenUrl": f"{url}/token", "refreshUrl": f"{url}/token",
        "scopes": {UPSERT: "put"},
    }
    scheme = {"x-imssf-registrationUrl": f"{url}/register", "flows": {"authorizationCode": flow}}
    info = {"title": "Benchmark", "x-microcred-elm": {"url": f"{url}/elm", "mediaTypes": ["application/jose+json"]}}
    return {"openapi": "3.0.1", "info": info, "components": {"securitySchemes": {"OAuth2ACG": scheme}}}


def _main(pipe: Any) -> None:
    asyncio.run(_serve(pipe))


async def _serve(pipe: Any) -> None:
    server = await asyncio.start_server(_talk, "127.0.0.1", 0, limit=4_000_000)
    pipe.send(server.sockets[0].getsockname()[1])
    await server.serve_forever()


async def _talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = head.split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            status, media_type = "201 Created", headers.get("content-type", "application/json")
            if lines[0].startswith("GET"):
                status, media_type = "200 OK", "application/json"
                body = json.dumps(description(f"http://{headers['host']}")).encode()
            elif " /api/v1/wallets/" in lines[0]:
                status, media_type, body = "200 OK", "application/json", b'{"uuid": "one"}'
            elif lines[0].startswith("POST /bc/"):
                media_type, body = "application/json", b'{"status": {"error": null, "statusCode": 200}}'
            told = f"Content-Type: {media_type}\r\nContent-Length: {len(body)}"
            writer.write(f"HTTP/1.1 {status}\r\n{told}\r\n\r\n".encode() + body)
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        writer.close()
