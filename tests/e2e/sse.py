"""A stream of events, as a browser or a script reads it."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Frame(NamedTuple):
    """One server-sent event."""

    id: str
    event: str
    data: dict[str, Any]


class Followed:
    """A stream that is being read."""

    def __init__(self, reply: http.client.HTTPResponse) -> None:
        self.reply = reply

    def frames(self) -> Iterator[Frame]:
        """Events as they come; comments are left out."""
        fields: dict[str, str] = {}
        while line := self.reply.readline().decode():
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value
            elif "data" in fields:
                yield Frame(fields["id"], fields["event"], json.loads(fields["data"]))
                fields = {}
            else:
                fields = {}

    def take_rest(self) -> bytes:
        """What comes until the end, but for comments."""
        return b"".join(line for line in self.reply.read().splitlines(keepends=True) if line[:1] not in b":\n")

    def take(self, count: int) -> list[Frame]:
        """So many."""
        frames = self.frames()
        return [next(frames) for _ in range(count)]


@contextmanager
def follow(
    url: str, path: str = "/api/v1/events", *, key: str | None = None, last: str | None = None
) -> Iterator[Followed]:
    """Follow what a gateway tells; it has begun when this gives the stream."""
    headers = {"accept": "text/event-stream"}
    if key:
        headers["authorization"] = f"Bearer {key}"
    if last is not None:
        headers["last-event-id"] = last
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    try:
        path = f"/api/v1/events{path}" if path.startswith("?") else path
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        assert reply.status == 200, reply.read()
        assert reply.headers["content-type"].startswith("text/event-stream")
        assert reply.readline() == b"retry: 2000\n"
        yield Followed(reply)
    finally:
        connection.close()
