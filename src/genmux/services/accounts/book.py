"""Adds, changes and removes accounts. Credentials go in and never come out."""

from collections.abc import Mapping

import msgspec
from msgspec import UnsetType

from genmux.services.accounts.drafts import AccountChange, AccountDraft, changed, credential_of, drafted
from genmux.services.accounts.keeper import AccountKeeper
from genmux.services.accounts.pool import AccountPool
from genmux.services.accounts.ports import AccountStore
from genmux.services.accounts.sealing import Sealer
from genmux.services.ports import Manifests, NewId, Now
from genmux.types.accounts import Account, AccountStatus
from genmux.types.accounts_stored import Sealed, StoredAccount
from genmux.types.errors import ConfigurationError, InvalidRequestError, NotFoundError
from genmux.types.principal import DEFAULT_TENANT

_NONE: frozenset[str] = frozenset()


class Stored(msgspec.Struct, frozen=True):
    """What there is where accounts are stored."""

    store: AccountStore
    sealer: Sealer
    keeper: AccountKeeper


class AccountBook:
    """Manages accounts. What is asked for in a tenant's name never shows that there are accounts of another."""

    def __init__(self, pool: AccountPool, manifests: Manifests, *, now: Now, new_id: NewId) -> None:
        self._pool = pool
        self._manifests = manifests
        self._now = now
        self._new_id = new_id
        self._stored: Stored | None = None

    def attach(self, stored: Stored | None) -> None:
        """Manage what is stored there; without it, only what is configured is seen."""
        self._stored = stored

    def list(
        self, tenant: str | None, *, provider: str | None = None, status: AccountStatus | None = None
    ) -> tuple[Account, ...]:
        """All accounts of a tenant, of all for None, as they stand, by provider and name. Raises NotFoundError for an unknown provider."""
        if provider is not None:
            self._manifests.manifest(provider)
        found = self._pool.accounts(provider, providers=self._manifests.ids() if provider is None else ())
        fitting = [one for one in found if tenant in (None, one.tenant) and status in (None, one.status)]
        return tuple(sorted(fitting, key=lambda one: (one.provider, one.name, one.tenant)))

    def get(self, tenant: str | None, account_id: str) -> Account:
        """One account as it stands, by its id. Raises NotFoundError, also for that of another tenant."""
        standing = self._pool.standing(account_id)
        if standing is None or tenant not in (None, standing.account.tenant):
            raise _unknown(account_id)
        return self._pool.shown(standing)

    async def add(self, draft: AccountDraft, tenant: str = DEFAULT_TENANT) -> Account:
        """A new account. Raises InvalidRequestError, NotFoundError for an unknown provider, ConfigurationError, StoreError."""
        stored = self._kept()
        manifest = self._manifests.manifest(draft.provider)
        account = drafted(draft, manifest, account_id=self._new_id(), tenant=tenant, now=self._now())
        credential = credential_of(draft.credential, manifest)
        if any(one.name == account.name and one.origin != "stored" for one in self._pool.accounts(draft.provider)):
            message = f"there is an account {account.reference} in the configuration already; give another name"
            raise InvalidRequestError(message, param="name", provider=account.provider)
        sealed = await stored.sealer.seal(account, credential)
        await stored.store.add(StoredAccount(account=account, sealed=sealed))
        await stored.keeper.refresh(force=True)
        return account

    async def change(self, tenant: str | None, account_id: str, change: AccountChange) -> Account:
        """Change an account; with a new credential it is active again. Raises as `add` does, and NotFoundError."""
        old = self._own(tenant, account_id)
        manifest = self._manifests.manifest(old.provider)
        new = changed(old, change, manifest, now=self._now())
        fields = {name for name in change.__struct_fields__ if not isinstance(getattr(change, name), UnsetType)}
        if "credits" in fields:
            fields = fields - {"credits"} | {"balances"}
        if isinstance(change.credential, UnsetType):
            return await self._write(new, frozenset(fields))
        return await self.renew(new, credential_of(change.credential, manifest), fields=frozenset(fields))

    async def renew(
        self, account: Account, credential: Mapping[str, str], *, fields: frozenset[str] = _NONE
    ) -> Account:
        """Give an account a new credential and write those fields; what was held against the old one is forgotten."""
        sealed = await self._kept().sealer.seal(account, credential)
        return await self._write(_fresh(account), fields | {"credential", *_STANDING}, sealed)

    async def set_status(self, tenant: str | None, account_id: str, status: AccountStatus) -> Account:
        """Disable an account, or make it active again. Raises NotFoundError, ConfigurationError, StoreError."""
        old = self._own(tenant, account_id)
        new = _fresh(old) if status == "active" else msgspec.structs.replace(old, status=status)
        return await self._write(new, frozenset(_STANDING))

    async def remove(self, tenant: str | None, account_id: str) -> None:
        """Delete an account and its credential; requests that use it go on. Raises NotFoundError, ConfigurationError, StoreError."""
        old = self._own(tenant, account_id)
        stored = self._kept()
        if not await stored.store.remove(old.tenant, account_id):
            raise _unknown(account_id)
        await stored.keeper.refresh(force=True)

    async def refresh(self) -> None:
        """See what others have changed. Raises ConfigurationError, StoreError."""
        await self._kept().keeper.refresh()

    async def reseal(self) -> int:
        """Seal all credentials with a new key; gives how many. Raises ConfigurationError, StoreError."""
        stored = self._kept()
        count = await stored.sealer.reseal()
        await stored.keeper.refresh(force=True)
        return count

    async def _write(self, account: Account, fields: frozenset[str], sealed: Sealed | None = None) -> Account:
        stored = self._kept()
        await stored.keeper.flush()  # what was learnt before is older than this
        row = StoredAccount(account=account, sealed=sealed or Sealed(key_id="", fields={}))
        if not await stored.store.replace(row, changed=fields):
            raise _unknown(account.id)
        await stored.keeper.refresh(force=True)
        return self.get(account.tenant, account.id)

    def _own(self, tenant: str | None, account_id: str) -> Account:
        """A stored account. Raises NotFoundError, and ConfigurationError for one that is configured elsewhere."""
        account = self.get(tenant, account_id)
        if account.origin != "stored":
            where = "the environment or genmux.toml" if account.origin == "implicit" else "genmux.toml"
            message = f"{account.reference} is configured in {where}; change it there"
            raise ConfigurationError(message, provider=account.provider)
        return account

    def _kept(self) -> Stored:
        if self._stored is None:
            message = "there is no store to keep accounts in: set `url` in [store] of genmux.toml, or GENMUX_STORE"
            raise ConfigurationError(message)
        return self._stored


_STANDING = ("status", "failure_streak", "refused_streak", "cooldown_until")


def _fresh(account: Account) -> Account:
    """The account without anything that is held against it."""
    return msgspec.structs.replace(account, status="active", failure_streak=0, refused_streak=0, cooldown_until=None)


def _unknown(account_id: str) -> NotFoundError:
    message = f"there is no account {account_id!r:.120}; `genmux accounts list` lists them"
    return NotFoundError(message)
