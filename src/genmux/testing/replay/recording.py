"""Recorded traffic on disk: one JSON file for each recorded sequence of exchanges."""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from genmux.contract.http import HttpReply, WireEvent
from genmux.types.errors import ConfigurationError

ABSENT = msgspec.Raw()


class Body(msgspec.Struct, frozen=True, kw_only=True):
    """A recorded body in at most one of five forms.

    `json` is parsed (its spelling was not kept), `sse` and `text` are raw text, `body_b64` is raw bytes, `chunks` are
    stream events whose framing was not recorded.
    """

    headers: dict[str, str] = msgspec.field(default_factory=dict)
    json: msgspec.Raw = ABSENT
    sse: str | None = None
    text: str | None = None
    body_b64: str | None = None
    chunks: list[Any] | None = None

    @property
    def body(self) -> bytes:
        """The bytes, empty when there are none (and for `chunks`, which have no bytes)."""
        if self.body_b64 is not None:
            return base64.b64decode(self.body_b64)
        written = self.sse if self.sse is not None else self.text
        return bytes(self.json) if written is None else written.encode()


class RecordedRequest(Body, frozen=True, kw_only=True):
    """What was sent."""

    method: str = "POST"
    host: str | None = None
    path: str = ""


class RecordedReply(Body, frozen=True, kw_only=True):
    """What came back."""

    status: int = 200

    @property
    def http(self) -> HttpReply:
        """The reply as the wires read it."""
        headers = {name.lower(): text for name, text in self.headers.items()}
        return HttpReply(status=self.status, headers=headers, body=self.body)

    @property
    def events(self) -> list[WireEvent]:
        """The events of `chunks`; a chunk's own type is its name."""
        return [WireEvent(msgspec.json.encode(chunk), _type_of(chunk)) for chunk in self.chunks or ()]


class Hint(msgspec.Struct, frozen=True, kw_only=True):
    """Where a reply came from, when its request was not kept."""

    host: str | None = None
    path: str = ""


class RecordedFrame(msgspec.Struct, frozen=True, kw_only=True):
    """One frame of a WebSocket session. A `close` has a `kind` and no direction."""

    direction: str | None = None
    kind: str | None = None
    json: msgspec.Raw = ABSENT
    text: str | None = None
    body_b64: str | None = None

    @property
    def payload(self) -> str | bytes:
        """What came over the wire."""
        if self.body_b64 is not None:
            return base64.b64decode(self.body_b64)
        return bytes(self.json) if self.text is None else self.text

    @property
    def document(self) -> Any:
        """The JSON of it, None where it has none."""
        try:
            return msgspec.json.decode(self.payload)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None


class RecordedExchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request and its reply; a WebSocket session has neither. `provider` and `api` are set where they differ from the file's."""

    provider: str | None = None
    api: str | None = None
    request: RecordedRequest | None = None
    response: RecordedReply | None = None
    request_hint: Hint = Hint()
    frames: list[RecordedFrame] = msgspec.field(default_factory=list)


class Recording(msgspec.Struct, frozen=True, kw_only=True):
    """One file."""

    provider: str
    api: str
    exchanges: list[RecordedExchange]


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One exchange with the names by which it is reported. A WebSocket session has no `reply`, but `frames`."""

    file: str
    index: int
    provider: str
    api: str
    request: RecordedRequest | None
    reply: RecordedReply | None
    hint: Hint = Hint()
    frames: tuple[RecordedFrame, ...] = ()

    @property
    def path(self) -> str:
        """The path of the request without its query; empty where nobody knows."""
        whole = self.request.path if self.request else self.hint.path
        return whole.partition("?")[0]


_DECODER = msgspec.json.Decoder(Recording)


def read_exchanges(paths: Iterable[Path]) -> Iterator[Exchange]:
    """All exchanges in these files and folders, sorted by file name.

    Raises ConfigurationError for a path that does not exist or a file that is no recording.
    """
    for file in _files(paths):
        recording, name = _read(file), _name(file)
        for index, exchange in enumerate(recording.exchanges):
            yield Exchange(
                file=name,
                index=index,
                provider=exchange.provider or recording.provider,
                api=exchange.api or recording.api,
                request=exchange.request,
                reply=exchange.response,
                hint=exchange.request_hint,
                frames=tuple(exchange.frames),
            )


def _files(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*.json") if file.name != "index.json")
        elif path.is_file():
            yield path
        else:
            message = f"{path}: there is no such file or folder of recordings"
            raise ConfigurationError(message)


def _read(file: Path) -> Recording:
    try:
        return _DECODER.decode(file.read_bytes())
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"{file}: not a recording: {error}"
        raise ConfigurationError(message) from error


def _name(file: Path) -> str:
    """The file relative to the folder of recordings (which holds `index.json`), so that it is the same however it was reached."""
    absolute = file.resolve()
    for folder in absolute.parents:
        if (folder / "index.json").is_file():
            return absolute.relative_to(folder).as_posix()
    return file.as_posix()


def _type_of(chunk: Any) -> str | None:
    name = chunk.get("type") if isinstance(chunk, dict) else None
    return name if isinstance(name, str) else None
