"""One live session of a caller: what it says goes to the model, what the model says comes back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from genmux.dialects.openai_realtime import OpenAIRealtimeServer
from genmux.flows.voice.limits import TOO_LONG, TOO_QUIET
from genmux.flows.voice.session import Session
from genmux.server.faults import as_error
from genmux.server.realtime.caller import Caller
from genmux.server.realtime.endings import GOING_AWAY, NORMAL, POLICY, Ending, ending_of
from genmux.server.realtime.purse import Purse
from genmux.types.errors import BudgetExceededError, ErrorKind, OverloadedError, ProviderError, Retry
from genmux.types.realtime import Command, SessionConfig, TruncateItem, UpdateSession
from genmux.types.realtime_events import (
    BudgetSpent,
    ItemTruncated,
    PassedAudio,
    RealtimeEvent,
    ResponseDone,
    SessionClosed,
    SessionFailed,
    SessionUpdated,
)

Prepare = Callable[[SessionConfig], Awaitable[Session]]

STOPPING = "the gateway is stopping; connect again"


class Talk:
    """One caller and its session.

    The session is opened by the caller's first message: settings in it are in force from the beginning, also with models that
    take none later. `idle` is how many seconds that message may take.
    """

    def __init__(
        self, caller: Caller, codec: OpenAIRealtimeServer, prepare: Prepare, purse: Purse, *, idle: float
    ) -> None:
        self._caller = caller
        self._codec = codec
        self._prepare = prepare
        self._purse = purse
        self._idle = idle
        self._ending = Ending(NORMAL, "")
        self._busy = False
        self._placed: tuple[str | None, int] | None = None

    async def run(self) -> None:
        """Hold it, to its end. The caller was greeted before."""
        try:
            session = await self._opened()
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller hears of the end
            await self.fail(as_error(error))
            return
        if session is None:
            return
        telling = asyncio.create_task(self._tell(session), name=f"genmux-talk-{session.id}")
        listening = asyncio.create_task(self._listen(session), name=f"genmux-talk-{session.id}-hears")
        try:
            await asyncio.wait({telling, listening}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await session.close("the caller left" if self._caller.gone else self._ending.reason or "closed")
            await asyncio.gather(telling, return_exceptions=True)
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def leave(self) -> None:
        """The gateway stops: say so and hang up."""
        self._ending = Ending(GOING_AWAY, STOPPING)
        await self._caller.say(self._codec.refuse(OverloadedError(STOPPING)))
        await self._caller.close(*self._ending)

    async def fail(self, error: ProviderError) -> None:
        """Tell what went wrong, and hang up."""
        await self._caller.say(self._codec.refuse(error))
        await self._caller.close(*ending_of(error))

    # ---------------------------------------------------------------- opening
    async def _opened(self) -> Session | None:
        """The session, once the caller has said something; None when it hangs up before."""
        first = await self._first()
        if first is None:
            return None
        session = await (await self._prepare(self._codec.config)).open()
        self._codec.tell(session.capabilities, session.warnings)
        session.pass_sound(self._codec.spoken, self._straight)
        try:
            for command in first:
                if isinstance(command, UpdateSession):
                    await self._caller.say(self._codec.write(SessionUpdated()))
                else:
                    await self._do(session, command)
        except ProviderError as error:
            await self._caller.say(self._codec.refuse(error))
        except BaseException:
            await session.close()
            raise
        return session

    async def _first(self) -> Sequence[Command] | None:
        try:
            async with asyncio.timeout(self._idle):
                while (frame := await self._caller.hear()) is not None:
                    try:
                        commands = self._codec.accept(frame)
                    except ProviderError as error:
                        await self._caller.say(self._codec.refuse(error))
                        continue
                    if commands:
                        return commands
        except TimeoutError as error:
            raise ProviderError(TOO_QUIET, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE) from error
        return None

    # ---------------------------------------------------------------- listening
    async def _listen(self, session: Session) -> None:
        hear, accept, passing = self._caller.hear, self._codec.accept, self._codec.passing
        while (frame := await hear()) is not None:
            try:
                if session.passes and (size := passing(frame)) is not None:
                    await session.pass_audio(frame, size)
                    continue
                for command in accept(frame):
                    await self._do(session, command)
            except ProviderError as error:
                await self._refuse(error)
            except TimeoutError:
                message = "the connection to the model is lost and not there again yet; this message was not sent"
                await self._refuse(ProviderError(message, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE))
            except Exception as error:  # noqa: BLE001 — a fault of ours ends no conversation
                await self._refuse(as_error(error))

    async def _refuse(self, error: ProviderError) -> None:
        await self._caller.say(self._codec.refuse(error))

    async def _do(self, session: Session, command: Command) -> None:
        if isinstance(command, TruncateItem) and not session.capabilities.truncates:
            # a model that cuts by itself what it was interrupted in; callers, whoever they talk with, say what was heard
            told = ItemTruncated(
                item_id=command.item_id, audio_ms=command.audio_ms, content_index=command.content_index
            )
            await self._caller.say(self._codec.write(told))
            return
        if not isinstance(command, UpdateSession):
            await session.send(command)
            return
        now, wanted = session.config, command.config
        names = [name for name in command.changed if getattr(wanted, name) != getattr(now, name)]
        if not names:
            await self._caller.say(self._codec.write(SessionUpdated()))
            return
        config = msgspec.structs.replace(now, **{name: getattr(wanted, name) for name in names})
        try:
            await session.send(UpdateSession(config, tuple(names)))
        except ProviderError:
            self._codec.restore(now)
            raise

    # ---------------------------------------------------------------- telling
    async def _tell(self, session: Session) -> None:
        caller, write = self._caller, self._codec.write
        try:
            async for event in session:
                self._busy = True
                if type(event) is PassedAudio:
                    self._placed = (event.item_id, event.content_index)
                    event = self._codec.unpassed(event)  # noqa: PLW2901 — what comes before the first sound is told with it
                else:
                    self._note(event)
                if frames := write(event):
                    await caller.say(frames)
                self._busy = False
                if type(event) is ResponseDone:
                    await self._settle(session, event)
        except Exception as error:  # noqa: BLE001 — whatever it is, the caller hears of the end
            fault = as_error(error)
            self._ending = ending_of(fault)
            await self._refuse(fault)
        if self._ending.reason in (TOO_QUIET, TOO_LONG):
            reason = f"the session ended: {self._ending.reason}"
            await self._refuse(ProviderError(reason, kind=ErrorKind.TIMEOUT, retry=Retry.SAFE))
        await caller.close(*self._ending)

    async def _straight(self, event: PassedAudio) -> bool:
        """Hand sound on as it came, where the caller knows the item and nothing else is being said."""
        if self._busy or (event.item_id, event.content_index) != self._placed:
            return False
        await self._caller.say((event.frame,))
        return True

    def _note(self, event: RealtimeEvent) -> None:
        """What an event means for the end."""
        match event:
            case BudgetSpent(message=message):
                self._ending = Ending(POLICY, f"{ErrorKind.BUDGET_EXCEEDED}: {message}")
            case SessionFailed(error=ProviderError() as error, recoverable=False):
                self._ending = ending_of(error)
            case SessionClosed(reason=str() as reason) if self._ending.code == NORMAL:
                self._ending = Ending(NORMAL, reason)
            case _:
                pass

    async def _settle(self, session: Session, event: ResponseDone) -> None:
        """An answer has cost something; where that was the last that the session may cost, it ends."""
        self._purse.spend(event.cost)
        try:
            self._purse.check()
        except BudgetExceededError as error:
            self._note(spent := BudgetSpent(message=error.message))
            await self._caller.say(self._codec.write(spent))
            await session.close("budget_spent")
