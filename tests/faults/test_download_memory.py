"""How much memory a large download takes: measured in a process of its own, against a server in this one."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from tests.faults.exchange import Exchange, fault
from tests.faults.server import FaultServer

MEGABYTE = 1024 * 1024
SIZE = 256 * MEGABYTE
ALLOWED = 24 * MEGABYTE

PROGRAM = """
import asyncio, json, resource, sys
from pathlib import Path
from genmux.engine.download import Downloader
from genmux.engine.file_sink import FileSink
from genmux.engine.url_guard import UrlGuard

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

async def main(url, path):
    downloader = Downloader(UrlGuard(["127.0.0.1"]))
    with FileSink(path) as sink:
        await downloader.fetch(url + "/file", sink)
    before = peak()
    with FileSink(path) as sink:
        found = await downloader.fetch(url + "/a_quarter_of_a_gigabyte", sink)
    await downloader.aclose()
    print(json.dumps({"grown": peak() - before, "bytes": found.file.bytes}))

asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
"""


@fault
async def a_quarter_of_a_gigabyte(exchange: Exchange) -> None:
    await exchange.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % SIZE)
    piece = bytes(MEGABYTE)
    for _ in range(SIZE // MEGABYTE):
        await exchange.send(piece)


async def test_a_large_download_takes_little_memory(server: FaultServer, tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, server.url, str(tmp_path / "file"), stdout=subprocess.PIPE
    )
    out, _ = await child.communicate()

    told = json.loads(out)
    assert told["bytes"] == SIZE
    assert told["grown"] < ALLOWED
