"""All keys in memory: whom a key belongs to is a look-up, and one that is not there costs no question to the database."""

import asyncio
import contextlib
import datetime
import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from genmux.services.keys.ports import KeyStore
from genmux.services.keys.text import PREFIX, digest_of, is_whole
from genmux.services.ports import Now
from genmux.types.errors import AuthenticationError, ProviderError
from genmux.types.keys import Allowance, EndUsers, GatewayKey, KeyRow, Known, RateLimit, ScopeRates
from genmux.types.principal import NOBODY, Principal

LOOK = 1.0
"""Every so many seconds it is looked whether another gateway changed a key, should its hint be lost."""

FRESH = datetime.timedelta(minutes=1)
"""`last_used` is not written more often than this."""

_log = logging.getLogger("genmux.keys")


class _Entry:
    """A key with whom it belongs to."""

    __slots__ = ("digest", "ends", "key", "principal")

    def __init__(self, row: KeyRow) -> None:
        self.digest = row.digest
        self.key = row.key
        ends = [one for one in (row.key.expires_at, row.key.revoked_at) if one is not None]
        self.ends = min(ends, default=None)
        self.principal: Principal | None = None


class KeyRing:
    """Knows whom a key belongs to.

    `configured` are the keys of settings and environment, which are root's. The others come from the store, once that is
    `attached`, with `refresh`. It may be asked from any thread.
    """

    def __init__(self, now: Now, *, configured: Iterable[str] = ()) -> None:
        self._now = now
        self._store: KeyStore | None = None
        self._version = -1
        self._configured = {digest: _root(digest) for digest in map(digest_of, configured)}
        self._entries: dict[bytes, _Entry] = {}
        self._limits: dict[tuple[str, str], tuple[RateLimit, ...]] = {}
        self._used: set[str] = set()
        self._noted: dict[str, datetime.datetime] = {}
        self._refreshing = asyncio.Lock()
        self._hint = asyncio.Event()

    async def attach(self, store: KeyStore) -> None:
        """Know the keys of a store from now on. Raises StoreError."""
        self._store = store
        await self.refresh()

    @property
    def demands(self) -> bool:
        """Whether there are keys, so that callers need one; revoked ones count, lest a gateway open by losing its last."""
        return bool(self._configured or self._entries)

    def find(self, text: bytes) -> Principal:
        """Whom a key belongs to. Raises AuthenticationError, which names a key that is known but not valid any more."""
        digest = hashlib.sha256(text).digest()
        entry = self._entries.get(digest)
        if entry is None:
            return self._find_configured(digest, text)
        if not hmac.compare_digest(entry.digest, digest) or (entry.ends is not None and entry.ends <= self._now()):
            raise _ended(entry.key)
        return self._principal_of(entry)

    def _principal_of(self, entry: _Entry) -> Principal:
        self._used.add(entry.key.id)
        principal = entry.principal
        if principal is None:
            principal = entry.principal = self._principal(entry.key)
        return principal

    def _find_configured(self, digest: bytes, text: bytes) -> Principal:
        found: Principal | None = None
        for known, principal in self._configured.items():
            if hmac.compare_digest(known, digest):
                found = principal
        if found is not None:
            return found
        told = text.decode("latin-1")
        if told.startswith(PREFIX) and not is_whole(told):
            message = "this key is not whole: a part of it was lost or mistyped; copy it again"
        else:
            message = "this key is not one of the gateway's"
        raise AuthenticationError(message, status=401)

    def holder(self, key_id: str | None) -> Principal:
        """Whom a key of this id belongs to, whose text nobody has at hand; None is the user of this machine.

        Raises AuthenticationError for a key that is not valid any more, or not known.
        """
        if key_id is None:
            if self.demands:
                raise AuthenticationError("this gateway wants a key by now, which this was not made with", status=401)
            return NOBODY
        for principal in self._configured.values():
            if principal.key == key_id:
                return principal
        for entry in self._entries.values():
            if entry.key.id == key_id:
                if entry.ends is not None and entry.ends <= self._now():
                    raise _ended(entry.key)
                return self._principal_of(entry)
        raise AuthenticationError("the key that this was made with is not known here any more", status=401)

    def key(self, key_id: str) -> GatewayKey | None:
        """What is known of a key by its id."""
        return next((entry.key for entry in self._entries.values() if entry.key.id == key_id), None)

    def valid(self, tenant: str, team: str | None) -> int:
        """How many keys of an organisation, or of one of its teams, are valid now."""
        now = self._now()
        return sum(
            entry.key.tenant == tenant
            and (team is None or entry.key.team == team)
            and (entry.ends is None or entry.ends > now)
            for entry in self._entries.values()
        )

    async def refresh(self) -> None:
        """Take over what changed in the store. Raises StoreError."""
        if self._store is None:
            return
        async with self._refreshing:
            known = await self._store.changed(self._version)
            if known is not None:
                self._take(known)

    def nudge(self) -> None:
        """Somebody says that something changed; to be called in the loop that watches."""
        self._hint.set()

    async def watch(self, wait: Callable[[Awaitable[object], float], Awaitable[object]] = asyncio.wait_for) -> None:
        """Refresh at every hint, and every second; until cancelled."""
        failed = False
        while True:
            with contextlib.suppress(TimeoutError):
                await wait(self._hint.wait(), LOOK)
            self._hint.clear()
            try:
                await self.refresh()
            except ProviderError as error:
                if not failed:
                    _log.warning("the keys cannot be looked up; those that are known stay valid: %s", error)
                failed = True
            else:
                failed = False

    def _take(self, known: Known) -> None:
        limits = {("organisation", one.id): one.limits for one in known.organisations if one.limits}
        limits |= {("team", one.id): one.limits for one in known.teams if one.limits}
        if limits != self._limits:
            self._limits = limits
            for entry in self._entries.values():
                entry.principal = None
        self._entries |= {row.digest: _Entry(row) for row in known.keys}
        self._version = known.version

    def _principal(self, key: GatewayKey) -> Principal:
        scopes = (("organisation", key.tenant), ("team", key.team or ""))
        rates = [
            ScopeRates(f"{kind}:{name}", self._limits[kind, name])
            for kind, name in scopes
            if (kind, name) in self._limits
        ]
        if key.limits:
            rates.append(ScopeRates(f"key:{key.id}", key.limits))
        return Principal(
            organisation=key.tenant,
            team=key.team,
            key=key.id,
            tags=key.tags,
            role=key.role,
            allow=None if key.allow == Allowance() else key.allow,
            rates=tuple(rates),
            end_users=None if key.end_users == EndUsers() else key.end_users,
        )

    def take(self) -> "LastUsed | None":
        """What is to be written of the use of keys: a batch for the bookkeeper, None when there is nothing."""
        if self._store is None or not self._used:
            return None
        used, self._used = self._used, set()
        now = self._now()
        due = {one: now for one in used if (noted := self._noted.get(one)) is None or now - noted >= FRESH}
        if not due:
            return None
        self._noted |= due
        return LastUsed(self._store, due)


class LastUsed:
    """When keys were used last, on the way to the database. What is lost on the way is no harm."""

    def __init__(self, store: KeyStore, used: Mapping[str, datetime.datetime]) -> None:
        self._store = store
        self._used = used

    def write(self, tx: Any) -> None:
        """Write it."""
        self._store.write_last_used(tx, self._used)

    def done(self) -> None:
        """It is durable."""

    def undo(self) -> None:
        """It could not be written; the next use will be."""


def _root(digest: bytes) -> Principal:
    """A key of the settings has no name of its own; the beginning of its digest stands for it."""
    return Principal(role="root", key=f"configured/{digest.hex()[:8]}")


def _ended(key: GatewayKey) -> AuthenticationError:
    named = f"the key {key.prefix}… ({key.name})"
    if key.revoked_at is not None:
        message = f"{named} was revoked at {key.revoked_at:%Y-%m-%d %H:%M} UTC; ask for a new one"
    elif key.rotated_to is not None:
        message = f"{named} was replaced by another one and expired; use that"
    else:
        message = f"{named} expired at {key.expires_at:%Y-%m-%d %H:%M} UTC; ask for a new one"
    return AuthenticationError(message, status=401)
