"""How much memory a large file takes on its way in and out, measured in a process of its own."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

MEGABYTE = 1024 * 1024
SIZE = 220
ALLOWED = 40 * MEGABYTE

PROGRAM = """
import asyncio, hashlib, json, resource, sys
from genmux.app import App
from genmux.server.callers import PRINCIPAL
from genmux.server.gateway import Gateway
from genmux.services.settings import Settings
from genmux.types.principal import NOBODY

MEGABYTE = 1024 * 1024

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

async def ask(gateway, method, path, count, **headers):
    left, sent, digest = count, [], hashlib.sha256()
    async def receive():
        nonlocal left
        if left < 0:
            await asyncio.Event().wait()  # nobody goes away
        left = left - 1 if left > 1 else -1
        return {"type": "http.request", "body": bytes(MEGABYTE) if count else b"", "more_body": left > 0}
    async def send(message):
        if message["type"] == "http.response.start" or message.get("body", b"")[:1] == b"{":
            sent.append(message)
        else:
            digest.update(message["body"])
    raw = [(b"host", b"localhost"), *((name.replace("_", "-").encode(), value.encode()) for name, value in headers.items())]
    await gateway(
        {"type": "http", "http_version": "1.1", "method": method, "path": path, "raw_path": path.encode(), "root_path": "",
         "scheme": "http", "query_string": b"", "headers": raw, "client": ("127.0.0.1", 1), "server": ("localhost", 80),
         PRINCIPAL: NOBODY}, receive, send)
    assert sent[0]["status"] < 300, sent
    return sent, digest.hexdigest()

async def main(store, size):
    app = App(Settings(), store=store, environ={"HOME": "/nonexistent"})
    gateway = Gateway(app)
    await app.open(role="command", about="a test")
    async def both(count):
        sent, _ = await ask(gateway, "POST", "/api/v1/assets", count)
        made = json.loads(sent[1]["body"])
        _, found = await ask(gateway, "GET", f"/api/v1/assets/{made['id']}/content", 0)
        assert found == made["sha256"]
        count = min(count, 40)
        head, _ = await ask(gateway, "POST", "/api/v1/assets/uploads", 0, upload_length=str(count * MEGABYTE))
        place = dict(head[0]["headers"])[b"location"].decode()
        for part in range(count // 2):
            await ask(gateway, "PATCH", place, 2, upload_offset=str(part * 2 * MEGABYTE), content_type="application/offset+octet-stream")
    await both(2)
    before = peak()
    await both(size)
    print(json.dumps({"grown": peak() - before}))
    await app.aclose()

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


async def test_a_large_file_takes_little_memory_on_its_way_in_and_out(sqlite_store_url: str, tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, sqlite_store_url, str(SIZE), stdout=subprocess.PIPE, cwd=tmp_path
    )
    out, _ = await child.communicate()

    assert json.loads(out)["grown"] < ALLOWED
