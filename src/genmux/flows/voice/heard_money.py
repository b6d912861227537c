"""What a session costs that only listens: by the seconds of the sound that was sent, whatever was said in it."""

from genmux.flows.call.run import Run
from genmux.flows.voice.counting import SECONDS_INPUT_AUDIO
from genmux.flows.voice.money import TurnMoney
from genmux.types.money import Cost
from genmux.types.realtime import Command
from genmux.types.usage import Usage


class HeardMoney(TurnMoney):
    """Settles whenever the provider tells how much it has heard, and at the end what was sent and not told."""

    _booked = 0.0
    _before = 0.0

    async def hold(self, seconds: float) -> None:
        """Hold money for more sound. What was heard is paid once. Raises BudgetExceededError, RateLimitError."""
        del seconds
        await super().hold(0.0)

    async def say(self, command: Command) -> None:
        """Commands cost nothing; sound does."""

    def begin(self) -> None:
        """It costs since its sound was sent."""

    def told(self, usage: Usage) -> Cost | None:
        """The provider has heard so much on this connection. Gives what that cost beyond what was told before."""
        heard = float(usage.meters.get(SECONDS_INPUT_AUDIO, 0.0))
        return self._book(self._before + heard, estimated=False)

    def settle(self, usage: Usage | None, *, request_id: str | None = None) -> Cost | None:
        """There are no answers."""
        del usage, request_id

    def lose(self, seconds: float = 0.0) -> None:
        """The connection broke after so many seconds of sound in all: they count, told or not."""
        self._book(seconds, estimated=True)
        self._before = self._booked

    def drop(self, seconds: float = 0.0) -> None:
        """The session ends after so many seconds of sound in all."""
        self._book(seconds, estimated=True)
        run, self._run = self._run, None
        if run is not None:
            self._door.release(run)

    def _book(self, seconds: float, *, estimated: bool) -> Cost | None:
        run: Run | None = self._run
        more = round(seconds - self._booked, 3)
        if run is None or more <= 0:
            return None
        self._run, self._booked = None, seconds
        used = Usage(meters={SECONDS_INPUT_AUDIO: more}, estimated=estimated)
        self._door.begin(run)
        cost = self._door.complete(run, used, attempts=1)
        if cost is not None:
            self.spent.append(cost)
        return cost
