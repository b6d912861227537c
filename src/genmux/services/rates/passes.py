"""What the door sees of rate limits."""

from typing import Protocol

from genmux.services.rates.refusal import Headers, RawHeaders
from genmux.types.principal import Principal


class Pass(Protocol):
    """A request that was let in."""

    def leave(self, used: int | None) -> None:
        """It has ended, and used so many tokens; None when nobody knows. Idempotent."""
        ...

    def headers(self) -> Headers:
        """How the limits stood when it was let in, for the answer."""
        ...


class Rates(Protocol):
    """Keeps rate limits."""

    def applies(self, principal: Principal) -> bool:
        """Whether anything limits this caller."""
        ...

    def try_enter(self, principal: Principal, *, tokens: int) -> Pass | None:
        """Let a request in at once; None where that takes a look at the database. Raises LimitReachedError."""
        ...

    async def enter(self, principal: Principal, *, tokens: int) -> Pass:
        """Let a request in. Raises LimitReachedError, and StoreError where the database fails."""
        ...

    def headers(self, principal: Principal) -> RawHeaders:
        """How the limits of a caller stand, as far as this process knows, for an answer."""
        ...
