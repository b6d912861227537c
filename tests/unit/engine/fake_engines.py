"""Small embedded engines that behave, and some that do not."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause, Progress
from genmux.contract.manifest import ModelSpec, parse_manifest
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.types.assets import Output
from genmux.types.chat import ChatRequest, FinishReason, Message
from genmux.types.content import Text
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.jobs import Completed, Failed, Filtered
from genmux.types.money import TokenCount
from genmux.types.parts import BlockEnd, BlockStart, Finish, Start, TextDelta
from genmux.types.usage import Usage

Isolation = Literal["process", "inline"]


def said(text: str) -> Iterator[Any]:
    """A whole answer."""
    yield Start(model="fake")
    yield BlockStart(0, Text(""))
    yield TextDelta(0, text)
    yield BlockEnd(0)
    yield Finish(FinishReason("stop"))


class Obedient:
    """Does what the prompt says."""

    def __init__(self, greeting: str, options: dict[str, str]) -> None:
        self._greeting = greeting
        self._options = options

    def run(self, request: Any) -> Iterator[Any]:
        if isinstance(request, EmbedRequest):
            yield Pause(0)
            yield EmbedResult(vectors=tuple((float(len(str(text))), 1.0) for text in request.inputs))
            return
        if isinstance(request, MediaRequest):
            command, _, argument = request.prompt.partition(" ")
            yield from getattr(self, f"_{command}")(request.folder if command == "make" else argument)
            return
        command, _, argument = request.messages[-1].text.partition(" ")
        yield from getattr(self, f"_{command}")(argument)

    def count(self, request: ChatRequest) -> TokenCount:
        return TokenCount(sum(len(message.text) for message in request.messages), exact=True, method="fake")

    def _say(self, text: str) -> Iterator[Any]:
        yield from said(self._greeting + text)

    def _pid(self, _: str) -> Iterator[Any]:
        yield from said(str(os.getpid()))

    def _options_(self, _: str) -> Iterator[Any]:
        yield from said(str(sorted(self._options.items())))

    def _print(self, text: str) -> Iterator[Any]:
        print("python:", text)  # noqa: T201 — native code does this
        os.write(1, f"native: {text}\n".encode())
        os.write(2, f"warning: {text}".encode())
        yield from said("printed")

    def _refuse(self, text: str) -> Iterator[Any]:
        yield Start(model="fake")
        raise ProviderError(text, kind="context_overflow", code="too_long", param="messages")

    def _break(self, text: str) -> Iterator[Any]:
        yield Start(model="fake")
        raise ValueError(text)

    def _die(self, name: str) -> Iterator[Any]:
        yield Start(model="fake")
        os.write(2, b"last words\n")
        os.kill(os.getpid(), getattr(signal, name))
        yield Pause(60)

    def _exit(self, code: str) -> Iterator[Any]:
        yield Start(model="fake")
        os._exit(int(code))

    def _forever(self, path: str) -> Iterator[Any]:
        """Stream until stopped; then leave a file."""
        yield BlockStart(0, Text(""))
        try:
            while True:
                yield TextDelta(0, "more ")
                yield Pause(0.005)
        finally:
            if path:
                Path(path).write_text("stopped")

    def _flood(self, _: str) -> Iterator[Any]:
        """Stream as fast as can be."""
        yield BlockStart(0, Text(""))
        while True:
            yield TextDelta(0, "x" * 10_000)

    def _deaf(self, _: str) -> Iterator[Any]:
        """Do not listen to a stop, as native code in a long computation."""
        yield Start(model="fake")
        while True:
            time.sleep(0.05)

    def _make(self, folder: str) -> Iterator[Any]:
        """A file, in two steps."""
        yield Progress(0.5)
        path = Path(folder) / "made.txt"
        path.write_text(str(os.getpid()))
        yield Pause(0)
        yield Progress(1.0)
        yield Completed(
            outputs=(Output(file=str(path), media_type="text/plain", metadata={"seed": 1}),),
            usage=Usage(meters={"images.output": 1}),
        )

    def _end(self, how: str) -> Iterator[Any]:
        yield {
            "filtered": Filtered(reason="not this"),
            "failed": Failed(message="no luck", code="E1"),
            "wrong": Completed(outputs=("no output",)),  # type: ignore[arg-type] — a mistake of the engine
            "part": Start(model="fake"),
            "nothing": Pause(0),
        }[how]

    def _render(self, mark: str) -> Iterator[Any]:
        """Draw frames until stopped; then leave a file."""
        try:
            yield Progress(0.0)
            while True:
                time.sleep(0.001)
                yield Progress(0.5)
        finally:
            if mark:
                Path(mark).write_text("stopped")

    def _stuck(self, _: str) -> Iterator[Any]:
        """Compute one frame for ever, and hear nothing."""
        yield Progress(0.0)
        while True:
            time.sleep(0.05)

    def _abort(self, name: str) -> Iterator[Any]:
        yield Progress(0.5)
        os.kill(os.getpid(), getattr(signal, name))
        yield Pause(60)

    def _unsendable(self, _: str) -> Iterator[Any]:
        yield object()


class Fake(msgspec.Struct, frozen=True):
    """Runs in a child process."""

    isolation: ClassVar[Isolation] = "process"
    greeting: str = ""

    def load(self, model: Model, options: dict[str, str]) -> Obedient:
        if (fault := options.get("fault")) == "missing":
            message = f"{model.id} is not there"
            raise ConfigurationError(message)
        if fault == "broken":
            raise ZeroDivisionError(fault)
        if fault == "crash":
            sys.stderr.write("no memory\n")
            sys.stderr.flush()
            os.kill(os.getpid(), signal.SIGSEGV)
        if fault == "slow":
            time.sleep(60)
        return Obedient(self.greeting, options)


class Inline(Fake, frozen=True):
    """Runs in the event loop."""

    isolation: ClassVar[Isolation] = "inline"


class Plain:
    """An engine that is no struct and knows nothing; its model does not count."""

    isolation: Isolation = "process"

    def load(self, model: Model, options: dict[str, str]) -> "Mute":
        del model, options
        return Mute()


class PlainInline(Plain):
    isolation: Isolation = "inline"


class Knowing(Plain):
    """A process could not rebuild this one."""

    def __init__(self) -> None:
        self.secret = 1


class Mute:
    """Gives no generator but an iterator, and cannot count."""

    def run(self, request: ChatRequest) -> Iterator[Any]:
        return iter([*said(request.messages[-1].text)])


MODEL = Model(provider="fake", id="tiny", wire_id="tiny", spec=ModelSpec())
MANIFEST = parse_manifest('spec = 1\nid = "fake"\nname = "Fake"\nlocal = true\n', source="test")


def provider_of(engine: Any) -> Provider:
    return Provider(manifest=MANIFEST, wires={"text": engine})


def media(prompt: str, **fields: Any) -> MediaRequest:
    return MediaRequest(operation="text_to_image", prompt=prompt, **fields)


def chat(prompt: str) -> ChatRequest:
    return ChatRequest(model="fake/tiny", messages=(Message(role="user", content=(Text(prompt),)),))
