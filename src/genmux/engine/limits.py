"""Limits: how large a reply may grow, and how many requests a provider gets at once."""

import asyncio
from collections.abc import Mapping

import msgspec

from genmux.contract.provider import Provider
from genmux.types.errors import ConfigurationError, ErrorKind, ProviderError, Retry


class SizeLimits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The largest sizes in bytes, after decompression.

    `reply` is a whole reply, `error` what is read of a refusal (the rest is left unread), `event` one event of a stream.
    """

    reply: int = 64 * 1024 * 1024
    error: int = 64 * 1024
    event: int = 16 * 1024 * 1024


def too_large(what: str, limit: int) -> ProviderError:
    """The error for a reply that grew over its limit; it was answered, so it is not asked for again."""
    message = f"{what} is larger than {limit:,} bytes; raise the size limit if that is right"
    return ProviderError(message, kind=ErrorKind.MALFORMED_REPLY, retry=Retry.NEVER)


class Gates:
    """How many requests of one provider may be under way at once, in one event loop.

    `limits` goes by provider id and comes before the manifest's `max_concurrency`; without either there is no gate.
    """

    __slots__ = ("_gates", "_limits")

    def __init__(self, limits: Mapping[str, int] | None = None) -> None:
        self._limits: dict[str, int] = dict(limits or {})
        self._gates: dict[tuple[str, asyncio.AbstractEventLoop], asyncio.Semaphore] = {}
        for provider, limit in self._limits.items():
            if limit < 1:
                message = f"the concurrency limit of {provider!r} is {limit}; it must be 1 or more"
                raise ConfigurationError(message)

    def __len__(self) -> int:
        """How many gates there are."""
        return len(self._gates)

    def gate(self, provider: Provider) -> asyncio.Semaphore | None:
        """The provider's gate in the running event loop, None where nothing is limited."""
        manifest = provider.manifest
        limit = self._limits.get(manifest.id) or manifest.max_concurrency
        return self._open(manifest.id, limit) if limit else None

    def _open(self, provider: str, limit: int) -> asyncio.Semaphore:
        key = (provider, asyncio.get_running_loop())
        gate = self._gates.get(key)
        if gate is None:
            for other in [other for other in self._gates if other[1].is_closed()]:
                self._gates.pop(other, None)
            gate = self._gates[key] = asyncio.Semaphore(limit)
        return gate
