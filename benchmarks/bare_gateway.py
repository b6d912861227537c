"""The least that a gateway on the same server and the same client can be: bare ASGI that passes bytes on through aiohttp."""

import os

import aiohttp

UPSTREAM = os.environ.get("UPSTREAM", "")
_sessions: list[aiohttp.ClientSession] = []


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    if not _sessions:
        _sessions.append(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
    async with _sessions[0].post(UPSTREAM, data=body, headers={"content-type": "application/json"}) as reply:
        kind = reply.headers["content-type"].encode()
        if b"json" in kind:
            whole = await reply.read()
            headers = [(b"content-type", kind), (b"content-length", str(len(whole)).encode())]
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": whole})
            return
        await send({"type": "http.response.start", "status": reply.status, "headers": [(b"content-type", kind)]})
        async for piece in reply.content.iter_any():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
