"""Accounts at providers: who may use which credential, how it stands, and what credits are left. No secret is in here but in `Credential`."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

AccountStatus = Literal["active", "disabled", "revoked", "exhausted"]
"""`disabled` by people, `revoked` as the provider refused its credential, `exhausted` as it has no credit left."""

Sharing = Literal["private", "shared"]
AccountOrigin = Literal["implicit", "configured", "stored"]
"""From the environment or `[providers.X]`, from `[providers.X.accounts.NAME]`, or from the database."""

BalanceSource = Literal["synced", "counted", "stated"]
"""Told by the provider, counted down from what was used since, or said by people."""

AccountRule = Literal["cheapest", "spread", "weighted", "most_left"]
"""Which of several equal accounts comes first: the one with the cheapest credits, the least recently used, by weight, or
the one with the most credits left."""

EVERYBODY = "*"
"""As a granted organisation: all of them."""


class Credential(Mapping[str, str]):
    """The secret fields of an account (`api_key` …) by name. It shows the names only, and cannot be written as JSON."""

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = dict(fields)

    def __getitem__(self, name: str) -> str:
        return self._fields[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        """Only which fields there are."""
        return f"Credential(<{', '.join(sorted(self._fields))}>)"

    def __reduce__(self) -> str | tuple[object, ...]:
        """A credential does not travel by itself."""
        raise TypeError("a credential cannot be pickled")


class Balance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is left of one kind of credit: `amount` in `unit` (`credits`, `characters`, `USD` …) as it was at `as_of`.

    At `resets_at` it becomes `resets_to`, or unknown where that is not told.
    """

    amount: Decimal
    unit: str = "credits"
    as_of: datetime.datetime | None = None
    resets_at: datetime.datetime | None = None
    resets_to: Decimal | None = None
    source: BalanceSource = "stated"


class Grants(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who may use a shared account, by id. Without any, everybody in its organisation may."""

    teams: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()

    @property
    def given(self) -> bool:
        """Whether anybody is named."""
        return bool(self.teams or self.keys or self.organisations)


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One credential at one provider and all that is known of it, without the secret.

    `priority`: the largest is used first. `weight` counts for the rule `weighted`. `owner` is a team's or a key's id; a
    private account is its owner's alone, or its organisation's when it has no owner. `rates` are US dollars for one
    credit, by credit type; they belong to the `plan`. `identity` is the e-mail address or id at the provider.
    """

    id: str
    tenant: str
    provider: str
    name: str
    status: AccountStatus = "active"
    priority: int = 0
    weight: int = 1
    max_concurrency: int | None = None
    sharing: Sharing = "private"
    grants: Grants = Grants()
    owner: str | None = None
    plan: str | None = None
    rates: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    balances: Mapping[str, Balance] = msgspec.field(default_factory=dict)
    cooldown_until: datetime.datetime | None = None
    failure_streak: int = 0
    refused_streak: int = 0
    successes: int = 0
    failures: int = 0
    last_used: datetime.datetime | None = None
    identity: str | None = None
    expires_at: datetime.datetime | None = None
    domains: tuple[str, ...] = ()
    origin: AccountOrigin = "stored"
    created_at: datetime.datetime | None = None

    @property
    def reference(self) -> str:
        """As people name it: `provider/name`."""
        return f"{self.provider}/{self.name}"

    @property
    def success_rate(self) -> float | None:
        """The share of requests that went well, of those that say something about the account; None without any."""
        tried = self.successes + self.failures
        return self.successes / tried if tried else None
