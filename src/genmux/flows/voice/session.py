"""A live conversation: one object that owns the connection, what was heard, the tools, the money and the reconnects."""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Self, TypeVar

import msgspec

from genmux.contract.model import Model
from genmux.contract.sessions import Capabilities, Frame, Resume
from genmux.flows.voice.checks import check_names, check_role, check_update, half_sample
from genmux.flows.voice.delivery import Delivery, Recorder
from genmux.flows.voice.hearing import Hearing
from genmux.flows.voice.history import History
from genmux.flows.voice.limits import SessionLimits
from genmux.flows.voice.line import Line, Opener
from genmux.flows.voice.link import Link
from genmux.flows.voice.money import TurnMoney
from genmux.flows.voice.passing import Passing
from genmux.flows.voice.playback import Playback
from genmux.flows.voice.ports import AudioTools, Transcoder
from genmux.flows.voice.toolbox import Toolbox
from genmux.types.audio import AudioFormat
from genmux.types.errors import BudgetExceededError, MessageError, ProviderError
from genmux.types.realtime import (
    AppendAudio,
    CancelResponse,
    ClearAudio,
    CloseSession,
    Command,
    CommitAudio,
    CreateResponse,
    Role,
    SendImage,
    SendText,
    SendToolResult,
    SessionConfig,
    SessionState,
    UpdateSession,
)
from genmux.types.realtime_events import (
    BudgetSpent,
    PassedAudio,
    RealtimeEvent,
    SessionClosed,
    SessionFailed,
    StateChanged,
    ToolCalled,
)
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

E = TypeVar("E", bound=RealtimeEvent)

PIECE = 256 * 1024
"""Bytes of sound that are sent in one message at most."""

_log = logging.getLogger("genmux.sessions")


class Session:
    """A live conversation. Use it as `async with`, iterate it for its events, and say things with its methods.

    Sound goes in and comes out in the formats of `config`; it is converted where the model takes others. `playback` wants
    to be told what was played, so that an interruption cuts at what was heard. Events also go to handlers (`on`). `done` gives
    the account back that it used.
    """

    def __init__(  # noqa: PLR0913 — each is one who helps
        self,
        opener: Opener,
        config: SessionConfig,
        model: Model,
        *,
        id: str,  # noqa: A002 — as it is called
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]],
        random: Callable[[], float],
        tools: Callable[[], AudioTools],
        limits: SessionLimits | None = None,
        money: TurnMoney | None = None,
        recorder: Recorder | None = None,
        raw: bool = False,
        done: Callable[[BaseException | None], None] | None = None,
    ) -> None:
        self.id = id
        self.config = config
        self.model = model
        self.limits = limits or SessionLimits()
        self._clock = clock
        self._sleep = sleep
        self._tools = tools
        self._delivery = Delivery(id, model, clock, recorder=recorder, raw=raw)
        self._hearing = Hearing(self._delivery, config, money=money, send=self._say, leave=self._leave)
        self._line = Line(
            opener,
            self.limits,
            moved=self._moved,
            tuned=self._tune,
            lost=self._lost,
            restored=self._restored,
            sleep=sleep,
            random=random,
        )
        self._into: Transcoder | None = None
        self._passing = Passing()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reader: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._done = done
        self._begun = clock()
        self._said = self._begun

    # ---------------------------------------------------------------- its life
    async def open(self) -> Self:
        """Connect. Raises ProviderError."""
        money = self._hearing.money
        try:
            if money is not None:
                await money.hold(0.0)
            first = await self._line.open()
        except BaseException as error:
            if isinstance(error, ProviderError):
                error.provider, error.model = error.provider or self.model.provider, error.model or self.model.id
            if money is not None:
                money.drop()
            if self._done is not None:
                self._done(error)
            await self._delivery.close()
            raise
        for event in first:
            await self._hearing.hear(event)
        self._reader = asyncio.create_task(self._read_on(), name=f"genmux-session-{self.id}")
        if self.limits.idle is not None or self.limits.longest is not None:
            self._keep(asyncio.create_task(self._watch_time(), name=f"genmux-session-{self.id}-time"))
        return self

    async def close(self, reason: str = "closed") -> None:
        """End it. May be called again. It ends although whoever waits for that is cancelled."""
        if self._line.closing or self._ending is not None:
            return
        ending = self._end(reason, asyncio.current_task())
        self._ending = asyncio.create_task(ending, name=f"genmux-session-{self.id}-ends")
        await asyncio.shield(self._ending)

    async def _end(self, reason: str, here: "asyncio.Task[Any] | None") -> None:
        """End it; the task `here` is the one that waits for it."""
        line = self._line
        try:
            with contextlib.suppress(ProviderError):
                await line.link.send(CloseSession(reason))
            line.closing, line.reason = True, line.reason or reason
            await line.hang_up(reason)
            if self._reader is not None and self._reader is not here:
                await asyncio.gather(self._reader, return_exceptions=True)
            for task in self._tasks - {here}:
                task.cancel()
            if self._hearing.toolbox is not None:
                await self._hearing.toolbox.aclose()
        finally:
            if self._hearing.money is not None:
                self._hearing.money.drop(self._hearing.heard_seconds)
            if self._done is not None:
                self._done(line.fault)
        line.move(SessionState.CLOSED, reason=line.reason)
        self._delivery.tell(SessionClosed(reason=line.reason))
        await self._delivery.close()

    async def __aenter__(self) -> Self:
        """Connect."""
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        """End it."""
        await self.close()

    # ---------------------------------------------------------------- what it is
    @property
    def state(self) -> SessionState:
        """Where its connection stands."""
        return self._line.state

    @property
    def capabilities(self) -> Capabilities:
        """What it can do. Raises MessageError before it is open."""
        return self._line.link.capabilities

    @property
    def warnings(self) -> tuple[Warning, ...]:
        """What of its settings was left out, and why. Raises MessageError before it is open."""
        return self._line.link.warnings

    @property
    def playback(self) -> Playback:
        """What was heard: whoever plays its sound tells it."""
        return self._hearing.playback

    @property
    def history(self) -> History:
        """What was said, in writing."""
        return self._hearing.history

    @property
    def active(self) -> str | None:
        """The id of the answer that is under way."""
        return self._hearing.interruptions.active

    # ---------------------------------------------------------------- saying
    async def send(self, command: Command) -> None:
        """Say something. Raises MessageError for what cannot be said here, AudioError for sound in another format."""
        link = await self._line.stands()
        if isinstance(command, AppendAudio):
            await self._send_audio(link, command.data)
            return
        if isinstance(command, SendText):
            check_role(command.role, link.capabilities)
        if isinstance(command, UpdateSession):
            check_update(command, link.capabilities, self.model)
        if self._hearing.money is not None:
            await self._hearing.money.say(command)
        await link.send(command)
        self._said = self._clock()
        if isinstance(command, SendText):
            self.history.say(command.role, command.text)
        if isinstance(command, UpdateSession):
            self.config = self._hearing.interruptions.config = command.config

    async def send_audio(self, data: bytes) -> None:
        """More of what the user says, in the session's input format. Raises AudioError for half a sample."""
        await self._send_audio(await self._line.stands(), data)

    async def send_text(self, text: str, role: Role = "user", *, answer: bool = True) -> None:
        """A message in writing."""
        await self.send(SendText(text, role, answer))

    async def send_image(self, data: bytes, media_type: str = "image/jpeg") -> None:
        """A picture."""
        await self.send(SendImage(data, media_type))

    async def send_tool_result(self, call: ToolCalled, output: str) -> None:
        """What a tool gave that the model had called."""
        await self.send(SendToolResult(call.call_id, call.name, output))

    async def commit(self) -> None:
        """The user has finished."""
        await self.send(CommitAudio())

    async def clear(self) -> None:
        """Forget what was said since the last commit."""
        await self.send(ClearAudio())

    async def respond(self, instructions: str | None = None) -> None:
        """Let the model answer now."""
        await self.send(CreateResponse(instructions=instructions))

    async def cancel(self) -> None:
        """Let the model stop; without an answer under way nothing happens."""
        if self.active is not None:
            await self.send(CancelResponse(self.active))

    async def interrupt(self) -> None:
        """Stop the answer and cut it at what was heard of it, as when the user begins to speak."""
        await self._hearing.interruptions.interrupt("client_cancelled", by_provider=False)

    async def update(self, **changes: Any) -> None:
        """Change what can be changed, by the names of the fields of SessionConfig. Raises MessageError for all else."""
        check_names(changes)
        await self.send(UpdateSession(msgspec.structs.replace(self.config, **changes), tuple(changes)))

    # ---------------------------------------------------------------- hearing
    def __aiter__(self) -> AsyncIterator[RealtimeEvent]:
        """All events, as they come."""
        return self._delivery.events(())

    def events(self, *kinds: type[RealtimeEvent]) -> AsyncIterator[RealtimeEvent]:
        """The events of these kinds, or all, until the session is over. One reader at a time."""
        return self._delivery.events(kinds)

    def on(self, kind: type[E], handler: Callable[[E], Any] | None = None) -> Any:
        """Have a function called for each event of a kind; it may be a coroutine function. Also as a decorator."""
        if handler is None:
            return functools.partial(self.on, kind)
        self._delivery.add(kind, handler)
        return handler

    def use_tools(self, toolbox: Toolbox) -> None:
        """Have tools run here when the model calls them."""
        self._hearing.toolbox = toolbox

    # ---------------------------------------------------------------- sound
    async def _send_audio(self, link: Link, data: bytes) -> None:
        wanted = self.config.input
        if wanted.is_raw and len(data) % wanted.sample_bytes:
            raise half_sample(len(data), wanted, self.model)
        self._said = self._clock()
        self._hearing.heard_seconds += wanted.ms(len(data)) / 1_000 if wanted.is_raw else 0.0
        if self._delivery.recorder is not None:
            self._delivery.recorder.said(data, self._said)
        if self._into is not None:
            data = self._into.feed(data)
        for start in range(0, len(data), PIECE):
            await link.send(AppendAudio(data[start : start + PIECE]))

    def pass_sound(self, spoken: str, straight: Callable[[PassedAudio], Awaitable[bool]]) -> None:
        """Let sound go on as it is to a caller of this dialect, where the provider speaks it, too, and nothing is converted.

        `straight` is given each frame that comes while nothing else waits; what it does not take is an event in its turn.
        """
        self._passing.spoken, self._delivery.straight = spoken, straight
        self._tune(self._line.link)

    @property
    def passes(self) -> bool:
        """Whether the caller's frames of sound can go on as they are."""
        return self._passing.link is not None and self._line.state is SessionState.CONNECTED

    async def pass_audio(self, frame: Frame, size: int) -> None:
        """Send a frame with so many bytes of sound as it is. Raises AudioError for half a sample, MessageError unless `passes`."""
        link, wanted = self._passing.link, self.config.input
        if link is None:
            raise MessageError("sound does not go on as it is in this session; send it as a command")
        if size % wanted.sample_bytes:
            raise half_sample(size, wanted, self.model)
        self._said = self._clock()
        self._hearing.heard_seconds += size / wanted.sample_bytes / wanted.sample_rate
        await link.pass_on(frame)

    def _tune(self, link: Link) -> None:
        """Convert between what the caller speaks and what the model does."""
        able = link.capabilities  # what only speaks or only listens converts nothing the other way
        self._into = self._between(self.config.input, link.input) if able.input_formats else None
        out_of = self._between(link.output, self.config.output) if able.output_formats else None
        self._hearing.tune(link.output, out_of, answers_tools=link.capabilities.answers_tools)
        self._hearing.interruptions.capabilities = link.capabilities
        plain = self._into is None and out_of is None and self._delivery.recorder is None
        self._passing.tune(link, plain=plain and self.config.input.is_raw and link.output.is_raw)

    def _between(self, source: AudioFormat, target: AudioFormat) -> Transcoder | None:
        same = (source.encoding, source.sample_rate, source.channels)
        wanted = (target.encoding, target.sample_rate, target.channels)
        return None if same == wanted else self._tools().transcoder(source, target)

    # ---------------------------------------------------------------- the connection
    async def _read_on(self) -> None:
        line = self._line
        try:
            async for event in line.events():
                await self._delivery.has_room()
                await self._hearing.hear(event)
        except BudgetExceededError as error:
            line.reason = "budget_spent"
            self._delivery.tell(BudgetSpent(message=error.message))
        except ProviderError as error:
            line.reason, line.fault = error.message, error
        except Exception as error:  # noqa: BLE001 — whatever it is, whoever listens must hear of the end
            _log.exception("session %s failed by a fault of genmux or of a provider's code", self.id)
            line.reason = f"{type(error).__name__}: {error}"
        if line.fault is not None and not line.closing:
            self._delivery.tell(SessionFailed(error=line.fault, recoverable=False))
        await self.close(line.reason or "the connection ended")

    def _lost(self) -> Resume:
        """The connection broke: what was under way is void. Gives how to go on."""
        hearing = self._hearing
        hearing.forget()
        handle = hearing.handle if self._line.link.capabilities.resumable else None
        hearing.history.unplace()
        return Resume(handle=handle, history=hearing.history.turns())

    async def _restored(self) -> None:
        if self._hearing.money is not None:
            await self._hearing.money.hold(self._hearing.heard_seconds)

    async def _say(self, command: Command) -> None:
        await self._line.link.send(command)

    def _leave(self, within: float) -> None:
        """The provider is about to hang up: go on elsewhere before, where what was said goes along."""
        if self._line.link.capabilities.resumable:
            self._keep(self._line.leave(within, lambda: self.active is not None))

    def _keep(self, task: "asyncio.Task[None]") -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch_time(self) -> None:
        """End the session when nobody says anything for long, or it lasts too long."""
        while not self._line.closing:
            until, reason = self.limits.until(begun=self._begun, quiet=max(self._said, self._delivery.last))
            if (left := until - self._clock()) <= 0:
                await self.close(reason)
                return
            await self._sleep(max(0.05, left))

    def _moved(self, state: SessionState, *, restored: bool | None = None, reason: str | None = None) -> None:
        self._delivery.tell(StateChanged(state=state, state_restored=restored, reason=reason))
