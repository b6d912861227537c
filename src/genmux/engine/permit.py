"""Leave to send what may cost money."""

from genmux.contract.http import HttpRequest
from genmux.types.errors import ConfigurationError


class Permit:
    """Leave to send one request that may cost money, as often as its policy says.

    Only the door makes one (`genmux.flows.call.door`), after the money was held; once what was held is settled the permit is
    closed. Nothing that costs leaves without, so that no paid path can be built beside the door. `sendings` counts how
    often something was sent under it, `doubts` after how many of these it was sent again though it may have been accepted.
    """

    __slots__ = ("closed", "doubts", "sendings")

    def __init__(self) -> None:
        self.closed = False
        self.sendings = 0
        self.doubts = 0

    def leave(self) -> None:
        """Something is about to be sent. Raises ConfigurationError when the permit is closed."""
        if self.closed:
            message = "this request was settled already; a further one needs a permit of its own from the door"
            raise ConfigurationError(message)
        self.sendings += 1


def is_free(request: HttpRequest) -> bool:
    """Whether a request costs nothing: it only looks, or its wire says so (an upload, a cancellation)."""
    return request.read_only or request.free or request.method in {"GET", "HEAD"}


def demand(permit: Permit | None, request: HttpRequest) -> None:
    """Raise ConfigurationError for a request that may cost money and has no permit."""
    if permit is None and not is_free(request):
        message = f"{request.method} {request.url} may cost money: it needs a permit, which only the door gives"
        raise ConfigurationError(message)
