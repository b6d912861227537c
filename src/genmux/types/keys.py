"""Who may use a gateway, for what, and how fast: organisations, their teams, and their keys."""

import datetime
from collections.abc import Mapping
from typing import Literal

import msgspec

Role = Literal["member", "admin", "root"]
"""A member makes calls, an admin also manages its organisation, root everything."""

LimitKind = Literal["requests", "tokens", "concurrent"]
Span = Literal["minute", "hour", "day"]
EndUserRule = Literal["optional", "required", "ignored"]

SECONDS: dict[Span, float] = {"minute": 60.0, "hour": 3_600.0, "day": 86_400.0}
"""How long each span is."""


class RateLimit(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """`amount` requests or tokens `per` span, or `amount` requests at the same time (`concurrent`).

    After a pause `amount` pass at once; then there is room again little by little, `amount` in a whole span.
    """

    kind: LimitKind
    amount: int
    per: Span | None = None

    def __str__(self) -> str:
        """As people say it: `60 requests per minute`, `4 concurrent requests`."""
        return f"{self.amount:,} {self.kind} per {self.per}" if self.per else f"{self.amount:,} concurrent requests"


class Allowance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a key may be used for; what is left empty is not limited.

    `models` are patterns (`*`, `?`) over `provider/model`, aliases and routes; `networks` are the addresses from which it
    may be used, in CIDR form.
    """

    operations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


class EndUsers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """Whether a key's requests name the end user for whom they are made, and how fast each of these may be."""

    rule: EndUserRule = "optional"
    limits: tuple[RateLimit, ...] = ()


class Organisation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tenant: nobody outside sees its rows. `limits` hold for all of its keys together."""

    id: str
    name: str
    created: datetime.datetime
    limits: tuple[RateLimit, ...] = ()


class Team(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an organisation. `limits` hold for all of its keys together."""

    id: str
    tenant: str
    name: str
    created: datetime.datetime
    limits: tuple[RateLimit, ...] = ()


class GatewayKey(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as it may be shown: `prefix` is its beginning, the rest is known only to whoever holds it.

    `rotated_to` is the id of the key that takes its place; until `expires_at` both work. `tags` are put on everything that
    is done with it. `last_used` may be some seconds old.
    """

    id: str
    tenant: str
    name: str
    prefix: str
    created: datetime.datetime
    role: Role = "member"
    team: str | None = None
    expires_at: datetime.datetime | None = None
    last_used: datetime.datetime | None = None
    revoked_at: datetime.datetime | None = None
    rotated_to: str | None = None
    allow: Allowance = Allowance()
    limits: tuple[RateLimit, ...] = ()
    end_users: EndUsers = EndUsers()
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)


class ScopeRates(msgspec.Struct, frozen=True, omit_defaults=True):
    """The rate limits of one scope, such as `key:ID`; whoever has the same scope shares them."""

    scope: str
    limits: tuple[RateLimit, ...]


class KeyRow(msgspec.Struct, frozen=True):
    """A key with what is kept of its text."""

    key: GatewayKey
    digest: bytes

    def __repr__(self) -> str:
        """Without the digest."""
        return f"KeyRow({self.key.id!r})"


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """All organisations and teams, and the keys that changed since a version."""

    version: int
    organisations: tuple[Organisation, ...] = ()
    teams: tuple[Team, ...] = ()
    keys: tuple[KeyRow, ...] = ()
