"""A client that shows every byte: what came, how it was framed, how it ended."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any, Literal

import msgspec

from genmux.testing.simulator import Simulator

End = Literal["eof", "reset", "silence"]
PATHS = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages"}
PROMPT = "one two three four five six seven"
ENOUGH = 1_000_000
PATIENCE = 10.0


class Got(msgspec.Struct):
    """Everything that came on one connection after one request."""

    raw: bytes
    end: End

    @property
    def status(self) -> int:
        """The status, 0 when there is none."""
        words = self.raw.split(b" ", 2)
        return int(words[1]) if self.raw.startswith(b"HTTP/1.1 ") else 0

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers in their order."""
        lines = self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]
        return [(name, value) for name, _, value in (line.partition(": ") for line in lines)]

    def header(self, name: str) -> str | None:
        """One header."""
        return dict(self.headers).get(name)

    @property
    def payload(self) -> bytes:
        """Everything behind the head, framing included."""
        return self.raw.partition(b"\r\n\r\n")[2]

    @property
    def chunks(self) -> tuple[bytes, Literal["whole", "cut", "wrong"]]:
        """The chunks joined, and whether the last one came, or one was cut off or had no size."""
        rest, joined = self.payload, b""
        while True:
            line, found, rest = rest.partition(b"\r\n")
            if not found:
                return joined, "cut"
            try:
                size = int(line, 16)
            except ValueError:
                return joined, "wrong"
            if size == 0:
                return joined, "whole"
            if len(rest) < size + 2:
                return joined + rest[:size], "cut"
            joined, rest = joined + rest[:size], rest[size + 2 :]

    @property
    def body(self) -> bytes:
        """The body without its framing."""
        return self.chunks[0] if self.header("transfer-encoding") else self.payload

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return msgspec.json.decode(self.body)

    @property
    def events(self) -> list[tuple[str | None, str]]:
        """Name and data of the server-sent events; all three line endings count."""
        return [*_events(self.body.decode())]

    @property
    def texts(self) -> list[str]:
        """The text of the answer, piece by piece."""
        if not self.body.lstrip().startswith((b"data", b"event", b":")):
            return [_text(self.json)]
        return [text for event in self.events if (text := _text(_json(event[1])))]

    @property
    def text(self) -> str:
        """The text of the answer."""
        return "".join(self.texts)


async def ask(
    simulator: Simulator,
    dialect: str = "openai",
    *,
    prompt: str = PROMPT,
    stream: bool = False,
    fault: str | None = None,
    model: str = "mock/echo",
    headers: Mapping[str, str] | None = None,
    enough: int = ENOUGH,
    patience: float = PATIENCE,
    **fields: Any,
) -> Got:
    """Ask for a chat on a connection of its own and read until the end, a reset, silence or enough bytes."""
    body = {"model": model, "messages": [{"role": "user", "content": prompt}], "max_tokens": 100, **fields}
    if stream:
        body |= {"stream": True} | ({"stream_options": {"include_usage": True}} if dialect == "openai" else {})
    told = {"connection": "close", **(headers or {})} | ({"x-mock-fault": fault} if fault else {})
    return await send(
        simulator, "POST", PATHS[dialect], msgspec.json.encode(body), told, enough=enough, patience=patience
    )


async def send(
    simulator: Simulator,
    method: str,
    path: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    enough: int = ENOUGH,
    patience: float = PATIENCE,
) -> Got:
    """Send one request."""
    lines = {"host": "simulator", "content-length": str(len(body)), "connection": "close", **(headers or {})}
    head = f"{method} {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    return await exchange(simulator, head.encode() + body, enough=enough, patience=patience)


async def exchange(simulator: Simulator, data: bytes, *, enough: int = ENOUGH, patience: float = PATIENCE) -> Got:
    """Send bytes, and read what comes until nothing more does for `patience` seconds."""
    host, port = simulator.base_url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    got = Got(b"", "eof")
    try:
        writer.write(data)
        await writer.drain()
        while len(got.raw) < enough:
            piece = await asyncio.wait_for(reader.read(65_536), patience)
            if not piece:
                break
            got.raw += piece
    except TimeoutError:
        got.end = "silence"
    except ConnectionResetError:
        got.end = "reset"
    finally:
        writer.transport.abort()
    return got


def _events(text: str) -> Iterator[tuple[str | None, str]]:
    name: str | None = None
    data: list[str] = []
    for line in [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]:
        if not line and data:
            yield name, "\n".join(data)
        if not line:
            name, data = None, []
        elif line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])


def _json(data: str) -> Any:
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return {}


def _text(document: Any) -> str:
    """The text in one document of either dialect, whole or a piece of a stream."""
    match document:
        case {"choices": [{"message": {"content": str(text)}}]} | {"choices": [{"delta": {"content": str(text)}}]}:
            return text
        case {"type": "content_block_delta", "delta": {"text": str(text)}} | {"content": [{"text": str(text)}]}:
            return text
        case _:
            return ""
