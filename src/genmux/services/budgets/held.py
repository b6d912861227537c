"""Money held for one request, until it is known what it did cost."""

from typing import Literal, Protocol

from genmux.services.budgets.amounts import checked
from genmux.services.budgets.slices import Slice, Slices
from genmux.types.budgets import Budget
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.ledger import Ending

End = Literal["settle", "release", "presume"]

BESIDE = "/slice"
"""Ends the subject of the part that comes out of slices, where another part is held exactly."""


class Books(Protocol):
    """What a hold needs of the ledger."""

    @property
    def slices(self) -> Slices:
        """What this process has leased."""
        ...

    def end(self, ending: Ending) -> None:
        """Book the end of an exact hold, soon."""
        ...

    async def more(self, held: "Held", amount: int, *, turn: int) -> None:
        """Hold exactly so much more for the same subject. Raises BudgetExceededError."""
        ...

    async def extend(self, subject: str, lasts: float) -> bool:
        """Let an exact hold last so many seconds from now; False when it is not open."""
        ...

    def overran(self, held: "Held", spent: int) -> None:
        """It did cost more than was held."""
        ...


class Held:
    """An amount (micro-units) that is held in all of some budgets for one subject.

    It ends once: with `settle`, `release` or `presume`. The same end again does nothing, and so does a release of what was
    settled or presumed, so that it may stand in a `finally`; another end is an InvalidRequestError. What was presumed may be
    settled later. All of this is written soon, by the bookkeeper.
    """

    __slots__ = (
        "__weakref__",  # pyright: ignore[reportUninitializedInstanceVariable] — Python's own
        "_books", "_ended", "_exact", "_slices", "_spent", "_turn", "amount", "budgets", "subject",
    )  # fmt: skip

    def __init__(
        self,
        books: Books,
        subject: str,
        budgets: tuple[Budget, ...],
        amount: int,
        slices: tuple[Slice, ...] = (),
        exact: int | None = None,
    ) -> None:
        self._books = books
        self.subject = subject
        self.budgets = budgets
        self.amount = amount
        self._slices = slices
        self._exact = exact
        self._turn = 0 if exact is None else 1
        self._ended: End | None = None
        self._spent = 0

    def __repr__(self) -> str:
        return f"Held({self.subject!r}, amount={self.amount}, ended={self._ended!r})"

    @property
    def ended(self) -> End | None:
        """How it ended, None while it is open."""
        return self._ended

    @property
    def spent(self) -> int | None:
        """What it did cost, None while that is not known."""
        return self._spent if self._ended in ("settle", "release") else None

    def settle(self, amount: int) -> None:
        """It did cost so much, which may be more than was held. Raises InvalidRequestError when it ended otherwise before."""
        ended = self._ended
        if ended is None and self._exact is None and self._slices and checked(amount) <= self.amount:  # mostly
            self._ended, self._spent = "settle", amount
            self._books.slices.settle(self._slices, self.amount, spent=amount)
            return
        if ended == "settle" and amount == self._spent:
            return
        if ended in ("settle", "release"):
            said = f"settled with {self._spent} micro-units" if ended == "settle" else "given back as not spent"
            raise InvalidRequestError(
                f"{self.subject!r} was {said} before, and now it is to be {amount}", param="amount"
            )
        self._ended, self._spent = "settle", checked(amount)
        sliced = self.amount - (self._exact or 0) if self._slices else 0
        if ended == "presume":
            self._settle_presumed(amount, sliced)
        else:
            from_slices = amount if self._exact is None else min(amount, sliced)
            if self._slices:
                self._books.slices.settle(self._slices, sliced, spent=from_slices)
            if self._exact is not None:
                self._books.end(Ending(self.subject, "settle", amount - from_slices if self._slices else amount))
        if amount > self.amount:
            self._books.overran(self, amount)

    def release(self) -> None:
        """It cost nothing."""
        if self._ended is not None:
            return
        self._ended = "release"
        if self._slices:
            self._books.slices.settle(self._slices, self.amount - (self._exact or 0), spent=0)
        if self._exact is not None:
            self._books.end(Ending(self.subject, "release"))

    def presume(self) -> None:
        """Nobody knows what it cost: all that was held counts as spent until somebody does."""
        if self._ended is not None:
            return
        self._ended = "presume"
        if self._slices:
            name = self.subject if self._exact is None else self.subject + BESIDE
            self._books.slices.presume(self._slices, self.amount - (self._exact or 0), subject=name)
        if self._exact is not None:
            self._books.end(Ending(self.subject, "presume"))

    def _settle_presumed(self, amount: int, sliced: int) -> None:
        """What was only presumed is known now."""
        beside = min(amount, sliced) if self._slices and self._exact is not None else 0
        if self._slices and self._exact is not None:
            self._books.end(Ending(self.subject + BESIDE, "settle", beside))
        self._books.end(Ending(self.subject, "settle", amount - beside))

    async def top_up(self, amount: int) -> None:
        """Hold so much in all, for a dearer model. Raises BudgetExceededError, and keeps what was held."""
        if self._ended is not None:
            raise InvalidRequestError(f"what was held for {self.subject!r} has ended: {self._ended}", param="subject")
        more = checked(amount) - self.amount
        if more <= 0 or not self.budgets:
            return
        if self._exact is None and self._books.slices.try_hold(self._slices, more):
            self.amount = amount
            return
        turn = self._turn
        await self._books.more(self, more, turn=turn)
        self._turn, self._exact, self.amount = turn + 1, (self._exact or 0) + more, amount

    async def extend(self, lasts: float) -> None:
        """Keep it for so many seconds from now. Raises NotFoundError when it has expired, and was booked as presumed."""
        if self._exact is not None and not await self._books.extend(self.subject, lasts):
            message = f"the hold of {self.subject!r} is not open: it has ended, or it expired and was booked as presumed spent"
            raise NotFoundError(message, param="subject")
