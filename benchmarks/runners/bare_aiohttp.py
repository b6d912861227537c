"""The bare transport: aiohttp, with the request encoded and the reply decoded by msgspec, and nothing else."""

import aiohttp
import msgspec
from question import KEY, MESSAGES, MODEL, SETTINGS


async def make(v1):
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
    url = f"{v1}/chat/completions"
    headers = {"authorization": f"Bearer {KEY}", "content-type": "application/json"}
    body = {"model": MODEL, "messages": MESSAGES, **SETTINGS}

    async def call():
        async with session.post(url, data=msgspec.json.encode({**body, "stream": False}), headers=headers) as reply:
            return msgspec.json.decode(await reply.read())["choices"][0]["message"]["content"]

    async def stream():
        async with session.post(url, data=msgspec.json.encode({**body, "stream": True}), headers=headers) as reply:
            rest = b""
            async for piece in reply.content.iter_any():
                *events, rest = (rest + piece).split(b"\n\n")
                for event in events:
                    if not event.endswith(b"[DONE]"):
                        yield msgspec.json.decode(event[6:])

    return call, stream
