"""What holds for every request, whatever its endpoint: how large, how slow, which models, which options."""

import functools
from collections.abc import AsyncGenerator

import msgspec

from genmux.app import App
from genmux.contract.operations import OPERATIONS, Operation
from genmux.flows.call.options import CallOptions
from genmux.server.http import Raw, Request
from genmux.server.offer import Offer
from genmux.server.options import read_options
from genmux.server.said import RATE_FAMILIES
from genmux.services.rates import MemoryRates, SharedRates
from genmux.types.generation import GenerationRequest
from genmux.types.principal import NOBODY, Principal

_REMEMBERED = 1_024
"""For so many callers the options are kept."""

_RATES = tuple(family.encode() for family in RATE_FAMILIES)


class Terms:
    """The terms on which the gateway serves."""

    def __init__(self, app: App) -> None:
        settings, defaults = app.settings.gateway, app.settings.defaults
        self._limit = settings.body_limit
        self.idle = settings.body_idle
        self._app = app
        self._offer = Offer(app)
        self._options = CallOptions(
            timeout=defaults.timeout, retries=defaults.retries, budget_limit=defaults.budget_limit, strict=False
        )
        self._kept: dict[int, CallOptions] = {}

    async def body(self, request: Request) -> bytes:
        """The body of a request. Raises ProviderError when it is too large or does not come."""
        return await request.body(self._limit, idle=self.idle)

    def pieces(self, request: Request, limit: int) -> AsyncGenerator[bytes]:
        """The same piece by piece, of at most `limit` bytes: files are larger than other requests."""
        return request.pieces(limit, idle=self.idle)

    def options(self, request: Request, model: str | None, operation: Operation = "chat") -> CallOptions:
        """How the call is made.

        Raises ProviderError for a header that is wrong and for a model that is not offered, or not to this caller.
        """
        self._offer.check(model, operation)
        options, principal = self._options, request.principal
        if principal is not NOBODY:
            options = self._options_of(principal)
            if principal.rates:
                request.rated = functools.partial(self._rated, principal)
            if principal.allow is not None:
                self._offer.check_allowed(principal, model, operation)
        return read_options(request, options)

    def _options_of(self, principal: Principal) -> CallOptions:
        """The gateway's options for a caller, who mostly asks more than once."""
        kept = self._kept.get(id(principal))
        if kept is None or kept.principal is not principal:
            if len(self._kept) >= _REMEMBERED:
                self._kept.clear()
            kept = msgspec.structs.replace(self._options, principal=principal)
            self._kept[id(principal)] = kept  # it holds the principal, so that no other has the same identity
        return kept

    def _rated(self, principal: Principal, raw: Raw) -> Raw:
        """With how the caller's own limits stand, in place of those that the gateway has at a provider."""
        limits = self._app.keepers.limits
        own = limits.headers(principal) if isinstance(limits, MemoryRates | SharedRates) else []
        return [one for one in raw if not one[0].startswith(_RATES)] + own if own else raw

    def check_model(self, principal: Principal, model: str | None, operation: Operation) -> None:
        """Raise NotFoundError for a model that is not offered, PermissionDeniedError for one that is not for this caller."""
        self._offer.check(model, operation)
        if principal.allow is not None:
            self._offer.check_allowed(principal, model, operation)

    def check_generation(self, principal: Principal, request: GenerationRequest) -> None:
        """The same for a job. An operation that does not exist is told by whoever takes the job in."""
        for operation in OPERATIONS:
            if operation == request.operation:
                self.check_model(principal, request.model or None, operation)
