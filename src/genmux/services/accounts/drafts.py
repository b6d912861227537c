"""What people say of an account when they add or change one, and whether it can be."""

import datetime
import re
from collections.abc import Mapping
from decimal import Decimal

import msgspec
from msgspec import UNSET, UnsetType

from genmux.contract.manifest import Manifest, lacking_fields
from genmux.types.accounts import Account, Balance, Credential, Grants, Sharing
from genmux.types.errors import InvalidRequestError

NAME = r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,99}"
_LONGEST = 16_384
"""No field of a credential has so many characters."""


class AccountDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A new account. `credential` has the secret fields by the names in the provider's manifest; it is never told again.

    `rates` are US dollars for one credit and `credits` how many there are, both by credit type.
    """

    provider: str
    name: str
    credential: Mapping[str, str]
    priority: int = 0
    weight: int = 1
    max_concurrency: int | None = None
    sharing: Sharing = "private"
    grants: Grants = Grants()
    owner: str | None = None
    plan: str | None = None
    rates: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    credits: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    identity: str | None = None
    expires_at: datetime.datetime | None = None

    def __repr__(self) -> str:
        """Everything but the secrets."""
        return f"AccountDraft({self.provider}/{self.name}, credential=<{', '.join(sorted(self.credential))}>)"


class AccountChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What is to be different; what is left out stays. A new `credential` replaces the whole old one."""

    name: str | UnsetType = UNSET
    credential: Mapping[str, str] | UnsetType = UNSET
    priority: int | UnsetType = UNSET
    weight: int | UnsetType = UNSET
    max_concurrency: int | UnsetType | None = UNSET
    sharing: Sharing | UnsetType = UNSET
    grants: Grants | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    plan: str | UnsetType | None = UNSET
    rates: Mapping[str, Decimal] | UnsetType = UNSET
    credits: Mapping[str, Decimal] | UnsetType = UNSET
    identity: str | UnsetType | None = UNSET
    expires_at: datetime.datetime | UnsetType | None = UNSET

    def __repr__(self) -> str:
        """Which fields; a credential is among them."""
        told = [name for name in self.__struct_fields__ if getattr(self, name) is not UNSET]
        return f"AccountChange(<{', '.join(told)}>)"


def drafted(
    draft: AccountDraft, manifest: Manifest, *, account_id: str, tenant: str, now: datetime.datetime
) -> Account:
    """The account of a draft. Raises InvalidRequestError that names the field."""
    account = Account(
        id=account_id,
        tenant=tenant,
        provider=manifest.id,
        name=draft.name,
        priority=draft.priority,
        weight=draft.weight,
        max_concurrency=draft.max_concurrency,
        sharing=draft.sharing,
        grants=draft.grants,
        owner=draft.owner,
        plan=draft.plan,
        rates={**manifest.credit_rates, **draft.rates},
        balances=stated(draft.credits, manifest, now=now),
        identity=draft.identity,
        expires_at=_with_zone(draft.expires_at),
        domains=manifest.domains,
        created_at=now,
    )
    check(account)
    return account


def changed(account: Account, change: AccountChange, manifest: Manifest, *, now: datetime.datetime) -> Account:
    """The account as it is to be. Raises InvalidRequestError that names the field."""
    told = {
        name: value
        for name in change.__struct_fields__
        if name not in {"credential", "credits"} and (value := getattr(change, name)) is not UNSET
    }
    if "expires_at" in told:
        told["expires_at"] = _with_zone(told["expires_at"])
    if not isinstance(change.credits, UnsetType):
        told["balances"] = {**account.balances, **stated(change.credits, manifest, now=now)}
    new = msgspec.structs.replace(account, **told)
    check(new)
    return new


def check(account: Account) -> None:
    """Raise InvalidRequestError that names the field which cannot be so."""
    if re.fullmatch(NAME, account.name) is None:
        message = f"the name {account.name!r:.120} must be letters, digits and any of . _ @ + - (up to 100)"
        raise InvalidRequestError(message, param="name")
    if account.weight < 1 or abs(account.priority) > 1_000_000 or account.weight > 1_000_000:
        message = f"`weight` is {account.weight} and `priority` {account.priority}; give a weight of 1 or more, up to a million each"
        raise InvalidRequestError(message, param="weight")
    if account.max_concurrency is not None and not 1 <= account.max_concurrency <= 1_000_000:
        message = f"`max_concurrency` is {account.max_concurrency}; give 1 or more, or leave it out for no limit"
        raise InvalidRequestError(message, param="max_concurrency")
    for name, rate in account.rates.items():
        _check_amount(rate, f"rates.{name}", "US dollars for one credit")
    for name, balance in account.balances.items():
        _check_amount(balance.amount, f"credits.{name}", "credits")
    for told in (account.plan, account.identity, account.owner):
        if told is not None and not 0 < len(told) <= 320:
            message = "`plan`, `identity` and `owner` have 1 to 320 characters"
            raise InvalidRequestError(message, param="identity")


def _check_amount(amount: Decimal, place: str, what: str) -> None:
    if not amount.is_finite() or not 0 <= amount <= 1_000_000_000_000:
        message = f"`{place}` is {amount}; give {what} from 0 on"
        raise InvalidRequestError(message, param=place)


def stated(credits_: Mapping[str, Decimal], manifest: Manifest, *, now: datetime.datetime) -> dict[str, Balance]:
    """Balances that people say there are. Raises InvalidRequestError for what is no amount."""
    units = {spec.credit_type: spec.unit for spec in manifest.balances if spec.credit_type and spec.unit}
    found: dict[str, Balance] = {}
    for name, amount in credits_.items():
        _check_amount(amount, f"credits.{name}", "credits")
        found[name] = Balance(amount=amount, unit=units.get(name, "credits"), as_of=now)
    return found


def credential_of(fields: Mapping[str, str], manifest: Manifest) -> Credential:
    """The credential, if it has all fields that the provider needs and no other. Raises InvalidRequestError."""
    found = {name: stripped for name, value in fields.items() if (stripped := value.strip())}
    known = manifest.credentials
    if unknown := [name for name in found if name not in known]:
        names = ", ".join(known) or "none"
        message = f"{manifest.id} has no credential field {', '.join(sorted(unknown))}; it has {names}"
        raise InvalidRequestError(message, param="credential", provider=manifest.id)
    lacking = lacking_fields(known, found)
    if lacking or not found:
        message = f"the credential of {manifest.id} lacks {', '.join(lacking) or 'all fields'}"
        raise InvalidRequestError(message, param="credential", provider=manifest.id)
    if long := [name for name, value in found.items() if len(value) > _LONGEST or not value.isprintable()]:
        message = (
            f"the credential field {long[0]} is no key: it has more than {_LONGEST:,} characters, or unprintable ones"
        )
        raise InvalidRequestError(message, param="credential", provider=manifest.id)
    return Credential(found)


def _with_zone(time: datetime.datetime | None) -> datetime.datetime | None:
    """A time without a zone is in UTC."""
    return time.replace(tzinfo=datetime.UTC) if time is not None and time.tzinfo is None else time
