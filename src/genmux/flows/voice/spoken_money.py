"""What a session costs that only speaks: by the characters of its texts, which are known before they are sent."""

import asyncio
from collections import deque
from collections.abc import Callable

from genmux.flows.call.door import Door
from genmux.flows.call.options import CallOptions
from genmux.flows.call.run import Run
from genmux.flows.call.target import Target
from genmux.flows.voice.counting import CHARACTERS_INPUT
from genmux.flows.voice.money import TurnMoney
from genmux.types.calls import CallRequest
from genmux.types.errors import MessageError, ProviderError, Retry
from genmux.types.money import Cost
from genmux.types.realtime import Command, CreateResponse, SendText
from genmux.types.speech import SpeechRequest
from genmux.types.usage import Usage

STEP = 500
"""Money is held for so many characters at a time, so that not every word asks the ledger."""


def whole_steps(characters: int) -> int:
    """For how many characters money is held when there are so many: in whole steps, and always for more."""
    return (characters // STEP + 1) * STEP


class Held:
    """An answer: its run, how many characters were sent of it, and for how many money is held."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.said = 0
        self.covered = 0

    @property
    def usage(self) -> Usage:
        """What was sent, which the provider bills."""
        return Usage(meters={CHARACTERS_INPUT: self.said}, estimated=True)


class SpokenMoney(TurnMoney):
    """Holds money for each answer while it is written, and settles them one by one. What was sent costs, though nobody hears it."""

    def __init__(
        self,
        door: Door,
        target: Target,
        options: CallOptions,
        *,
        check: Callable[[Run, CallRequest, Target], None] | None = None,
    ) -> None:
        super().__init__(door, target, options, check=check)
        self._lock = asyncio.Lock()
        self._writing: Held | None = None
        self._written: deque[Held] = deque()
        self._dropped = False

    async def hold(self, seconds: float) -> None:
        """Hold money for the next answer. Raises BudgetExceededError, RateLimitError."""
        del seconds
        async with self._lock:
            await self._next()

    async def say(self, command: Command) -> None:
        """Hold what a text costs that is about to be sent. Raises BudgetExceededError; then it is not to be."""
        if isinstance(command, SendText):
            async with self._lock:
                held = await self._next()
                await self._cover(held, held.said + len(command.text))
                if held.run.closed:  # it ended in the meantime
                    held = await self._next()
                    await self._cover(held, len(command.text))
                held.said += len(command.text)
                self._door.begin(held.run)
                held.run.leave()
        ends = isinstance(command, CreateResponse) or (isinstance(command, SendText) and command.answer)
        if ends and self._writing is not None and self._writing.said:
            self._written.append(self._writing)
            self._writing = None

    def begin(self) -> None:
        """It costs since its text was sent."""

    def settle(self, usage: Usage | None, *, request_id: str | None = None) -> Cost | None:
        """An answer has ended and used so much. Gives its cost."""
        held = self._written.popleft() if self._written else self._writing
        if held is None or not held.said:
            return None
        if held is self._writing:
            self._writing = None
        cost = self._door.complete(held.run, usage or held.usage, attempts=1, request_id=request_id)
        if cost is not None:
            self.spent.append(cost)
        return cost

    def lose(self, seconds: float = 0.0) -> None:
        """The connection broke: of answers under way what was sent counts as spent."""
        del seconds
        lost = ProviderError("the session ended before all of the text was spoken", retry=Retry.UNSURE)
        under_way = [*self._written, *filter(None, [self._writing])]
        for held in under_way:
            if held.said:
                self._door.fail(held.run, lost, usage=held.usage)
        self._written.clear()
        if self._writing is not None and self._writing.said:
            self._writing = None

    def drop(self, seconds: float = 0.0) -> None:
        """The session ends; what is held for an answer that did not begin is given back, and nothing is held any more."""
        self._dropped = True
        self.lose(seconds)
        held, self._writing = self._writing, None
        if held is not None:
            self._door.release(held.run)

    async def _next(self) -> Held:
        """The answer that is being written, or a new one. Raises MessageError when the session has ended."""
        self._check_there()
        if self._writing is None:
            run = await self._door.enter(self._speech(0), "text_to_speech", self._options)
            held = Held(run)
            try:
                await self._cover(held, 0)
            except BaseException as error:
                self._door.fail(run, error)
                raise
            if self._dropped:
                self._door.release(run)
                self._check_there()
            self._writing = held
        return self._writing

    def _check_there(self) -> None:
        if self._dropped:
            raise MessageError("the session has ended; this text was not sent", param="text")

    async def _cover(self, held: Held, characters: int) -> None:
        """Check so many characters against the caller's own limit, and hold their money in whole steps."""
        if self._check is not None:
            self._check(held.run, self._speech(characters), self._target)
        covered = whole_steps(characters)
        if covered > held.covered:
            await self._door.admit(held.run, self._speech(covered), self._target, ahead=not held.said)
            held.covered = covered
            if held.run.closed and held.run.held is not None:  # it ended in the meantime
                held.run.held.release()

    def _speech(self, characters: int) -> SpeechRequest:
        return SpeechRequest(model=self._target.model.reference, text="x" * max(1, characters))
