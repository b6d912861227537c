"""Headless Chromium, driven over its debugging protocol."""

import asyncio
import base64
import itertools
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1000,900",
)


def microphone(sound: Path) -> tuple[str, ...]:
    """Flags for a microphone that hears a WAV file again and again, and that every page may use."""
    return (
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        f"--use-file-for-fake-audio-capture={sound}",
        "--autoplay-policy=no-user-gesture-required",
    )


class Page:
    """One page. What went wrong in it is in `faults`."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self.faults: list[str] = []

    async def command(self, method: str, **params: Any) -> Any:
        number = next(self._numbers)
        await self._socket.send_json({"id": number, "method": method, "params": params})
        while True:
            message = await self._socket.receive_json(timeout=30)
            match message:
                case {"id": given, **rest} if given == number:
                    assert "error" not in rest, rest
                    return rest["result"]
                case {"method": "Runtime.exceptionThrown" | "Log.entryAdded", "params": told}:
                    self.faults.append(json.dumps(told)[:500])
                case _:
                    pass

    async def value(self, expression: str) -> Any:
        """What an expression, or what it promises, is in the page."""
        told = await self.command("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    async def until(self, expression: str) -> None:
        """Wait, inside the page, until an expression is true."""
        look = f"done => {{ const look = () => ({expression}) ? done(true) : setTimeout(look, 10); look(); }}"
        late = "(_, fail) => setTimeout(() => fail(new Error('it did not happen')), 20000)"
        await self.value(f"Promise.race([new Promise({look}), new Promise({late})])")

    async def screenshot(self, path: Path) -> None:
        shot = await self.command("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(shot["data"]))  # noqa: ASYNC240 — a small file of a test


@asynccontextmanager
async def opened(url: str, profile: Path, *flags: str) -> AsyncIterator[Page]:
    """The page at a URL, in a browser with more flags."""
    assert CHROMIUM
    process = await asyncio.create_subprocess_exec(
        CHROMIUM,
        *_FLAGS,
        *flags,
        f"--user-data-dir={profile}",
        "about:blank",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        port = await asyncio.wait_for(_port(process), 30)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"http://127.0.0.1:{port}/json/list") as reply:
                target = next(one for one in await reply.json() if one["type"] == "page")
            async with session.ws_connect(target["webSocketDebuggerUrl"], max_msg_size=2**26) as socket:
                page = Page(socket)
                for domain in ("Runtime", "Page", "Log"):
                    await page.command(f"{domain}.enable")
                await page.command("Page.navigate", url=url)
                await page.until("document.readyState === 'complete'")
                yield page
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def _port(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    async for line in process.stderr:
        if b"DevTools listening on ws://" in line:
            return line.decode().split("://", 1)[1].split("/")[0].split(":")[1]
    message = "the browser ended"
    raise RuntimeError(message)
