"""A mock upstream on loopback whose every reply is rendered beforehand, so that it is never what is measured.

`/v1/chat/completions` answers with 1 KB of JSON, or with server-sent events when the body asks for a stream.
A first path segment `c1000` sets the number of events. All events of a stream leave in one write.
"""

import argparse
import asyncio
import functools
import json
import re

MODEL = "gpt-4o-mini"
TEXT = "The quick brown fox jumps over the lazy dog and keeps running through the forest until night falls. " * 4
USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 90,
    "total_tokens": 109,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
ENVELOPE = {"id": "chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz012", "created": 1760000000, "model": MODEL}
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
STREAM = re.compile(rb'"stream" *: *true')
EVENTS = re.compile(rb"^POST /c(\d+)/")


def whole() -> bytes:
    """A complete answer."""
    message = {"role": "assistant", "content": TEXT, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    extra = {"service_tier": "default", "system_fingerprint": "fp_0123456789"}
    body = json.dumps({**ENVELOPE, "object": "chat.completion", "choices": [choice], "usage": USAGE, **extra}).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


@functools.cache
def streamed(events: int) -> bytes:
    """A stream of so many events, each an HTTP chunk."""

    def event(delta: dict[str, object], finish: str | None = None, **more: object) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        body = {**ENVELOPE, "object": "chat.completion.chunk", "service_tier": "default", "choices": [choice], **more}
        return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"

    pieces = [event({"role": "assistant", "content": "", "refusal": None})]
    pieces += [event({"content": f" w{number:04d}"}) for number in range(events - 2)]
    pieces += [event({}, "stop", usage=USAGE), b"data: [DONE]\n\n"]
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    return head + b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


WHOLE = whole()


class Upstream(asyncio.Protocol):
    """One connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer every complete request."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            size = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < size:
                return
            request, self.buffer = self.buffer[:size], self.buffer[size:]
            events = EVENTS.match(request)
            answer = streamed(int(events[1]) if events else 200) if STREAM.search(request, end) else WHOLE
            self.transport.write(answer)


async def main(port: int) -> None:
    """Serve until killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    import uvloop

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    uvloop.run(main(parser.parse_args().port))
