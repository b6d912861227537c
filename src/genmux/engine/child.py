"""Drives embedded engines: in the event loop, or in one child process for each loaded model."""

import asyncio
import dataclasses
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any

import msgspec

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Loaded, LocalCounter, LocalEngine, Pause
from genmux.contract.model import Model
from genmux.contract.provider import Provider
from genmux.engine.child_frames import Chat, Count, Embed, Load, Make, Question, Speak, Transcribe
from genmux.engine.child_main import NO_COUNT, broken
from genmux.engine.child_media import until_ended
from genmux.engine.child_queue import ChildQueue, Tell
from genmux.engine.permit import Permit
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, UnsupportedError
from genmux.types.money import TokenCount
from genmux.types.speech import SpeechRequest
from genmux.types.transcription import TranscriptionRequest

IDLE = 900.0
"""After so many seconds without a request a child process is closed, and its memory is free."""

GRACE = 20.0
"""So many seconds a child process has to stop its work before it is killed; a large model looks up only now and then."""

MEDIA_GRACE = 5.0
"""The same for one that makes media: it looks up with each frame or tile, and is soon loaded again."""

REMEMBERED = 256
"""So many models are kept at most, unless more of them are in use: callers could think of any number of names."""

LocalRequest = ChatRequest | EmbedRequest | MediaRequest | SpeechRequest | TranscriptionRequest
"""What an embedded engine may be asked."""

_Key = tuple[int, str, frozenset[tuple[str, str]]]


class LocalHost:
    """Runs embedded engines for one event loop; another loop needs a host of its own.

    `sleep` is awaited for the pauses of inline engines, `tell` hears of models being loaded and closed, `idle` and `grace`
    are seconds (IDLE, GRACE).
    """

    def __init__(
        self,
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        tell: Tell = lambda _event: None,
        idle: float | None = IDLE,
        grace: float = GRACE,
    ) -> None:
        self._sleep = sleep
        self._tell = tell
        self._idle = idle
        self._grace = grace
        self._loop: asyncio.AbstractEventLoop | None = None
        self._inline: dict[_Key, tuple[LocalEngine, Loaded]] = {}
        self._children: dict[_Key, tuple[LocalEngine, ChildQueue]] = {}
        self._closed = False

    def __len__(self) -> int:
        """How many models are kept, or were and are known."""
        return len(self._inline) + len(self._children)

    def run(
        self,
        provider: Provider,
        wire: LocalEngine,
        model: Model,
        request: LocalRequest,
        *,
        options: Mapping[str, str],
        permit: Permit,
    ) -> AsyncGenerator[Any]:
        """Answer a request: the parts of a chat, of speech or of a transcript, one EmbedResult, or what becomes of media.

        Of media that is their progress, and at last the state in which they ended.

        Closing the iterator, or cancelling who waits for it, stops the work. Raises ProviderError.
        """
        permit.leave()
        key = self._key(provider, wire, model, options)
        if wire.isolation == "inline":
            outputs = self._run_inline(self._inline_model(key, wire, model, options), request)
            return until_ended(outputs, model) if isinstance(request, MediaRequest) else outputs
        child = self._child(key, wire, model, options)
        if isinstance(request, MediaRequest):
            grace = min(self._grace, MEDIA_GRACE)
            return until_ended(child.ask(lambda number: Make(number, request), grace=grace), model)
        return child.ask(_question(request))

    async def count(
        self, provider: Provider, wire: LocalEngine, model: Model, request: ChatRequest, *, options: Mapping[str, str]
    ) -> TokenCount:
        """The input tokens of a request, counted by the model itself. Raises UnsupportedError when it does not count."""
        key = self._key(provider, wire, model, options)
        if wire.isolation == "inline":
            loaded = self._inline_model(key, wire, model, options)
            if not isinstance(loaded, LocalCounter):
                raise UnsupportedError(NO_COUNT, provider=model.provider, model=model.id)
            return loaded.count(request)
        child = self._child(key, wire, model, options)
        async with aclosing(child.ask(lambda number: Count(number, request))) as answers:
            counts: list[TokenCount] = [answer async for answer in answers]
        return counts[0]

    async def aclose(self) -> None:
        """End all child processes; requests under way fail. May be called again."""
        self._closed = True
        self._inline.clear()
        await asyncio.gather(*(child.aclose() for _, child in self._children.values()))

    def pids(self) -> tuple[int, ...]:
        """The child processes that run at the moment."""
        return tuple(child.pid for _, child in self._children.values() if child.pid is not None)

    async def _run_inline(self, loaded: Loaded, request: LocalRequest) -> AsyncGenerator[Any]:
        outputs = loaded.run(request)
        try:
            for output in outputs:
                if isinstance(output, Pause):
                    if output.seconds > 0:
                        await self._sleep(output.seconds)
                else:
                    yield output
        except ProviderError:
            raise
        except Exception as error:
            raise broken(error, "answer the request") from error
        finally:
            close = getattr(outputs, "close", None)
            if close is not None:
                close()

    def _key(self, provider: Provider, wire: LocalEngine, model: Model, options: Mapping[str, str]) -> _Key:
        """By which a loaded model is found again. The engine itself is kept beside it, so that its `id` stays its own."""
        loop = asyncio.get_running_loop()
        if self._loop is None:
            self._loop = loop
        if self._loop is not loop:
            message = "this LocalHost belongs to another event loop; make one for each"
            raise RuntimeError(message)
        if self._closed:
            message = f"the embedded engines of {provider.id} were closed"
            raise ProviderError(message, kind=ErrorKind.CANCELLED, provider=provider.id, model=model.id)
        return (id(wire), model.reference, frozenset(options.items()))

    def _inline_model(self, key: _Key, wire: LocalEngine, model: Model, options: Mapping[str, str]) -> Loaded:
        found = self._inline.get(key)
        if found is None:
            loaded = wire.load(model, dict(options))
            if len(self._inline) >= REMEMBERED:
                del self._inline[next(iter(self._inline))]
            found = self._inline[key] = (wire, loaded)
        return found[1]

    def _child(self, key: _Key, wire: LocalEngine, model: Model, options: Mapping[str, str]) -> ChildQueue:
        found = self._children.get(key)
        if found is None:
            engine, fields = described(wire)
            load = Load(engine=engine, fields=fields, model=model, options=dict(options))
            if len(self._children) >= REMEMBERED:
                self._children = {key: one for key, one in self._children.items() if one[1].is_used}
            found = (wire, ChildQueue(load, tell=self._tell, idle=self._idle, grace=self._grace))
            self._children[key] = found
        return found[1]


def _question(request: LocalRequest) -> Callable[[int], Question]:
    """The order that hands a request to a child, once its number is known."""
    match request:
        case ChatRequest():
            return lambda number: Chat(number, request)
        case EmbedRequest():
            return lambda number: Embed(number, request)
        case SpeechRequest():
            return lambda number: Speak(number, request)
        case TranscriptionRequest():
            return lambda number: Transcribe(number, request)
        case MediaRequest():
            return lambda number: Make(number, request)


def described(engine: LocalEngine) -> tuple[str, dict[str, Any]]:
    """How a child finds an engine: `module:class`, and the fields of the instance. Raises ConfigurationError when it could not."""
    cls = type(engine)
    name = f"{cls.__module__}:{cls.__qualname__}"
    if cls.__module__ == "__main__" or "." in cls.__qualname__:
        message = (
            f"{name} runs in a child process, which must import it: define it at the top level of a module of its own"
        )
        raise ConfigurationError(message)
    if isinstance(engine, msgspec.Struct) or dataclasses.is_dataclass(engine):
        return name, msgspec.to_builtins(engine)
    if getattr(engine, "__dict__", None):
        message = f"{name} runs in a child process, which gets only the fields of a struct or dataclass; make it one"
        raise ConfigurationError(message)
    return name, {}
