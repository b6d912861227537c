"""Accounts that need no store: the credential found in the environment or `genmux.toml`, and further ones from `genmux.toml`."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from genmux.contract.manifest import Manifest
from genmux.services.ports import Manifests
from genmux.types.accounts import EVERYBODY, Account, AccountOrigin, Balance, Grants
from genmux.types.errors import ProviderError
from genmux.types.principal import DEFAULT_TENANT

IMPLICIT = "configured"
"""The name of the account that nobody named."""

_ALL = Grants(organisations=(EVERYBODY,))


class Keys(Protocol):
    """Finds the usual credential."""

    def find(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> dict[str, str]:
        """The provider's credential, as far as it is there."""
        ...

    def missing(self, manifest: Manifest, given: Mapping[str, str] | None = None) -> str | None:
        """What is missing of it, None when all is there."""
        ...


class AccountOptions(Protocol):
    """An account in `genmux.toml`."""

    @property
    def enabled(self) -> bool:
        """Whether it may be used."""
        ...

    @property
    def priority(self) -> int:
        """The largest is used first."""
        ...

    @property
    def weight(self) -> int:
        """For the rule `weighted`."""
        ...

    @property
    def max_concurrency(self) -> int | None:
        """How many requests at once."""
        ...

    @property
    def plan(self) -> str | None:
        """The name of its plan."""
        ...

    @property
    def rates(self) -> Mapping[str, Decimal]:
        """US dollars for one credit, by type."""
        ...

    @property
    def credits(self) -> Mapping[str, Decimal]:
        """How many credits it has, by type."""
        ...

    @property
    def credentials(self) -> Mapping[str, str]:
        """Its secret fields."""
        ...


class Options(Protocol):
    """One provider's own settings."""

    @property
    def accounts(self) -> Mapping[str, AccountOptions]:
        """Its further accounts by name."""
        ...


class ConfiguredAccounts:
    """Makes accounts of settings; keeps nothing. Everybody may use them: they are the operator's."""

    def __init__(self, manifests: Manifests, keys: Keys, options: Mapping[str, Options]) -> None:
        self._manifests = manifests
        self._keys = keys
        self._options = options

    def accounts(self, provider: str) -> tuple[tuple[Account, Mapping[str, str]], ...]:
        """Those of one provider with their credentials; none of a provider that cannot be read."""
        try:
            manifest = self._manifests.manifest(provider)
        except ProviderError:
            return ()
        found: list[tuple[Account, Mapping[str, str]]] = []
        if self._keys.missing(manifest) is None:
            found.append((_account(manifest, IMPLICIT, origin="implicit"), self._keys.find(manifest)))
        own = self._options.get(provider)
        for name, one in own.accounts.items() if own else ():
            found.append((_from_options(manifest, name, one), _stripped(one.credentials)))
        return tuple(found)

    def missing(self, provider: str) -> str | None:
        """What is not set, in words; None when the usual credential is there, or the provider is not."""
        try:
            return self._keys.missing(self._manifests.manifest(provider))
        except ProviderError as error:
            return error.message


def _account(manifest: Manifest, name: str, *, origin: AccountOrigin) -> Account:
    return Account(
        id=f"{manifest.id}:{name}",
        tenant=DEFAULT_TENANT,
        provider=manifest.id,
        name=name,
        sharing="shared",
        grants=_ALL,
        rates=manifest.credit_rates,
        origin=origin,
    )


def _from_options(manifest: Manifest, name: str, one: AccountOptions) -> Account:
    units = {spec.credit_type: spec.unit for spec in manifest.balances if spec.credit_type and spec.unit}
    return Account(
        id=f"{manifest.id}:{name}",
        tenant=DEFAULT_TENANT,
        provider=manifest.id,
        name=name,
        status="active" if one.enabled else "disabled",
        priority=one.priority,
        weight=one.weight,
        max_concurrency=one.max_concurrency,
        sharing="shared",
        grants=_ALL,
        plan=one.plan,
        rates={**manifest.credit_rates, **one.rates},
        balances={
            kind: Balance(amount=amount, unit=units.get(kind, "credits")) for kind, amount in one.credits.items()
        },
        origin="configured",
    )


def _stripped(fields: Mapping[str, str]) -> dict[str, str]:
    """A key that was read from a file may end in a newline."""
    return {name: stripped for name, value in fields.items() if (stripped := value.strip())}
