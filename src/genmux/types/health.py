"""Is a provider up?"""

from typing import Literal

import msgspec


class Health(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one light, unpaid request told about a provider. `latency` is in seconds; `reason` says why it is not available."""

    provider: str
    status: Literal["available", "degraded", "unavailable"]
    latency: float | None = None
    reason: str | None = None
