"""Live sessions: from the keywords of `client.realtime` to a session that is open."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from genmux.client.tools import call_tool, tool_of
from genmux.flows.call.options import CallOptions
from genmux.flows.voice.limits import SessionLimits
from genmux.types.audio import AudioFormat
from genmux.types.chat import Tool
from genmux.types.errors import InvalidRequestError
from genmux.types.realtime import SessionConfig, Transcribing, TurnDetection
from genmux.types.realtime_events import RealtimeEvent

if TYPE_CHECKING:
    from genmux.app import App
    from genmux.flows.voice.session import Session

T = TypeVar("T")

AnyFormat = AudioFormat | int | str | Mapping[str, Any]
"""An `AudioFormat`, a sample rate in Hz, an encoding such as `pcmu`, or its fields."""

AnyTurns = TurnDetection | str | int | Mapping[str, Any]
"""A `TurnDetection`, its kind (`server`, `semantic`, `client`, `local`), milliseconds of silence, or its fields."""

AnyTranscribing = Transcribing | bool | str | Mapping[str, Any]
"""A `Transcribing`, whether at all, the model, or its fields."""

TELEPHONE = ("pcmu", "pcma")
"""Encodings that are always of 8,000 samples a second."""


class LiveSession:
    """A session to be: `async with` opens it, gives it, and closes it at the end of the block. Raises ProviderError."""

    def __init__(  # noqa: PLR0913 — each is one fact of it
        self,
        app: "App",
        model: str | None,
        config: SessionConfig,
        *,
        options: CallOptions,
        functions: Mapping[str, Callable[..., Any]],
        limits: SessionLimits | None,
        record: str | Path | None,
        raw: bool,
        on_event: Callable[[RealtimeEvent], Any] | None,
        ready: Callable[[], Awaitable[object]],
    ) -> None:
        self._app = app
        self._model = model
        self._config = config
        self._options = options
        self._functions = functions
        self._limits = limits
        self._record = record
        self._raw = raw
        self._on_event = on_event
        self._ready = ready
        self._session: Session | None = None

    async def __aenter__(self) -> "Session":
        """Connect."""
        from genmux.app.voice import recorder_in

        await self._ready()
        config = self._config
        session = await self._app.sessions.prepare(
            self._model,
            config,
            self._options,
            limits=self._limits,
            recorder=None if self._record is None else recorder_in(Path(self._record), config),
            raw=self._raw,
        )
        if self._functions:
            from genmux.flows.voice.toolbox import Toolbox

            session.use_tools(Toolbox(self._functions, _call, session.send))
        if self._on_event is not None:
            session.on(RealtimeEvent, self._on_event)
        self._session = session
        return await session.open()

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def config_of(fields: Mapping[str, Any]) -> tuple[SessionConfig, dict[str, Callable[..., Any]]]:
    """How a session is to be, and the functions that are its tools. What is no field of it is the provider's own setting.

    Raises InvalidRequestError that names what is wrong.
    """
    told = {name: value for name, value in fields.items() if value is not None}
    tools, functions = _tools(told.pop("tools", ()))
    for name, read in _READ.items():
        if name in told:
            told[name] = read(told[name], name)
    more = {name: told.pop(name) for name in [*told] if name not in SessionConfig.__struct_fields__}
    params = {**told.pop("params", {}), **more}
    try:
        config = msgspec.convert(told, SessionConfig)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"the session cannot be set up so: {error}") from error
    return msgspec.structs.replace(config, tools=tools, params=params), functions


def _call(function: Callable[..., Any], arguments: str) -> Any:
    """Run a function as the model called it."""
    return call_tool(function, msgspec.json.decode(arguments, type=dict[str, Any]) if arguments.strip() else {})


def _tools(given: Sequence[Any]) -> tuple[tuple[Tool, ...], dict[str, Callable[..., Any]]]:
    tools: list[Tool] = []
    functions: dict[str, Callable[..., Any]] = {}
    for one in given:
        tool = tool_of(one)
        if not isinstance(tool, Tool):
            message = f"the tool {one!r:.100} is one provider's own; a session takes functions, `Tool`s and dicts"
            raise InvalidRequestError(message, param="tools")
        tools.append(tool)
        if callable(one):
            functions[tool.name] = one
    return tuple(tools), functions


def _format(given: AnyFormat, name: str) -> AudioFormat:
    match given:
        case AudioFormat():
            return given
        case bool():
            raise _wrong(name, given)
        case int():
            return _struct({"sample_rate": given}, AudioFormat, name)
        case str():
            rate = {"sample_rate": 8_000} if given in TELEPHONE else {}
            return _struct({"encoding": given, **rate}, AudioFormat, name)
        case _:
            return _struct(given, AudioFormat, name)


def _turns(given: AnyTurns, name: str) -> TurnDetection:
    match given:
        case TurnDetection():
            return given
        case bool():
            raise _wrong(name, given)
        case int():
            return TurnDetection(silence_ms=given)
        case str():
            return _struct({"kind": given}, TurnDetection, name)
        case _:
            return _struct(given, TurnDetection, name)


def _transcribing(given: AnyTranscribing, name: str) -> Transcribing | None:
    match given:
        case Transcribing():
            return given
        case bool():
            return Transcribing() if given else None
        case str():
            return Transcribing(model=given)
        case _:
            return _struct(given, Transcribing, name)


def _struct(fields: Any, kind: type[T], name: str) -> T:
    try:
        return msgspec.convert(fields, kind)
    except msgspec.ValidationError as error:
        raise InvalidRequestError(f"`{name}` is {fields!r:.100}, which is wrong: {error}", param=name) from error


def _wrong(name: str, given: object) -> InvalidRequestError:
    return InvalidRequestError(f"`{name}` is {given!r}; give a text, a number or its fields", param=name)


_READ: dict[str, Callable[[Any, str], Any]] = {
    "input": _format,
    "output": _format,
    "turns": _turns,
    "transcription": _transcribing,
}
"""Fields that may be said in short."""
