"""What holds for one call beside the request itself."""

from collections.abc import Mapping
from decimal import Decimal

import msgspec

from genmux.types.principal import NOBODY, Principal


class CallOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one call is made.

    `timeout` is the total time in seconds; `retries` how often a safe failure is tried again; `retry_unsure` allows it for
    failures after which the request may have been accepted, and billed. `budget_limit` is the most the call may cost, in
    US dollars. `strict` makes an unfitting parameter an error; otherwise it is dropped with a warning, or pulled into its
    range with `clamp`. `credential` and `base_url` stand before what is configured. `principal` is who asks and pays.
    """

    timeout: float | None = None
    retries: int | None = None
    retry_unsure: bool = False
    budget_limit: Decimal | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    strict: bool = True
    clamp: bool = False
    credential: Mapping[str, str] | None = None
    base_url: str | None = None
    principal: Principal = NOBODY

    def __repr__(self) -> str:
        """Everything but the credential."""
        shown = (f"{name}={getattr(self, name)!r}" for name in self.__struct_fields__ if name != "credential")
        return f"CallOptions({', '.join(shown)})"


DEFAULT_OPTIONS = CallOptions()
