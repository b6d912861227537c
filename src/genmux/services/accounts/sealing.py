"""Credentials sealed at rest: AES-256-GCM, a random nonce for each field, bound to tenant, account and field."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from genmux.services.accounts.ports import AccountStore
from genmux.types.accounts import Account, Credential
from genmux.types.accounts_stored import KeyCheck, Sealed
from genmux.types.errors import ConfigurationError

KEY_BYTES = 32
_NONCE = 12
_CHECK = b"genmux sealing key"

Nonce = bytes


class SealingKey:
    """One key; shows its id only. The id is told by the key and tells nothing of it."""

    __slots__ = ("_cipher", "id")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            message = f"a sealing key has {KEY_BYTES} bytes; this one has {len(secret)}"
            raise ConfigurationError(message)
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self.id = hashlib.sha256(b"genmux sealing key id\0" + secret).hexdigest()[:12]
        self._cipher = AESGCM(secret)

    def seal(self, text: bytes, *, nonce: Nonce, about: bytes) -> bytes:
        """Nonce and ciphertext. `about` must be given again to open it."""
        return nonce + self._cipher.encrypt(nonce, text, about)

    def open(self, sealed: bytes, *, about: bytes) -> bytes | None:
        """The text; None when it was sealed with another key, about something else, or was changed."""
        from cryptography.exceptions import InvalidTag

        if len(sealed) <= _NONCE:
            return None
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
        except InvalidTag:
            return None

    def __repr__(self) -> str:
        """Only the id."""
        return f"SealingKey(id={self.id!r})"


class KeySource(Protocol):
    """Where sealing keys are kept."""

    @property
    def place(self) -> str:
        """Where that is, in words."""
        ...

    def found(self) -> Sequence[SealingKey]:
        """All of them, the newest first. Raises ConfigurationError when they cannot be read or are exposed."""
        ...

    def create(self) -> SealingKey:
        """Make a new key, put it before all others and give it. Raises ConfigurationError when this place cannot."""
        ...


class Randomness(Protocol):
    """Gives so many bytes that nobody can guess."""

    def __call__(self, count: int, /) -> bytes:
        """That many."""
        ...


class Sealer:
    """Seals and opens credentials; notices a lost or wrong key before anything is sealed with it."""

    def __init__(self, source: KeySource, store: AccountStore, random: Randomness) -> None:
        self._source = source
        self._store = store
        self._random = random
        self._known: dict[str, SealingKey] | None = None

    def open(self, account: Account, sealed: Sealed) -> Credential:
        """The credential. Raises ConfigurationError that names the key it takes and where that was looked for."""
        key = self._keys().get(sealed.key_id) or self._keys(again=True).get(sealed.key_id)
        if key is None:
            raise self._lost(sealed.key_id, f"the credential of {account.reference}")
        opened: dict[str, str] = {}
        for name, box in sealed.fields.items():
            text = key.open(box, about=_about(account, name))
            if text is None:
                message = (
                    f"the credential of {account.reference} cannot be opened with the sealing key {key.id}:"
                    " it was changed, or moved here from another account; set it anew with `genmux accounts update`"
                )
                raise ConfigurationError(message, provider=account.provider)
            opened[name] = text.decode()
        return Credential(opened)

    async def seal(self, account: Account, credential: Mapping[str, str]) -> Sealed:
        """Seal it with the newest key. Raises ConfigurationError when the key that the store knows is not there."""
        return self._seal(await self._ready(), account, credential)

    async def reseal(self) -> int:
        """Seal every credential with a new key; gives how many. What cannot be opened stops it, and nothing is changed.

        Older keys stay where they are: backups, and other stores, may still need them.
        """
        await self._ready()
        rows = (await self._store.load()).rows
        opened = [(row.account, self.open(row.account, row.sealed)) for row in rows]
        key = self._source.create()
        self._known = None
        boxes = [(account.id, self._seal(key, account, credential)) for account, credential in opened]
        await self._store.reseal(self._check(key), boxes)
        return len(boxes)

    def _seal(self, key: SealingKey, account: Account, credential: Mapping[str, str]) -> Sealed:
        fields = {
            name: key.seal(value.encode(), nonce=self._random(_NONCE), about=_about(account, name))
            for name, value in credential.items()
        }
        return Sealed(key_id=key.id, fields=fields)

    async def _ready(self) -> SealingKey:
        """The newest key, after it was compared with what the store knows; made when nothing was ever sealed."""
        checks = await self._store.key_checks()
        keys = self._keys(again=True)
        if not checks:
            key = next(iter(keys.values()), None) or self._source.create()
            self._known = None
            await self._store.reseal(self._check(key))
            return key
        newest = checks[0]
        key = keys.get(newest.key_id)
        if key is None or key.open(newest.check, about=_CHECK) != _CHECK:
            raise self._lost(newest.key_id, "credentials of this store")
        return key

    def _check(self, key: SealingKey) -> KeyCheck:
        return KeyCheck(key_id=key.id, check=key.seal(_CHECK, nonce=self._random(_NONCE), about=_CHECK))

    def _keys(self, *, again: bool = False) -> dict[str, SealingKey]:
        if self._known is None or again:
            self._known = {key.id: key for key in self._source.found()}
        return self._known

    def _lost(self, key_id: str, what: str) -> ConfigurationError:
        there = ", ".join(self._known or ()) or "none"
        message = (
            f"{what} need the sealing key {key_id}, which is not in {self._source.place} (found: {there});"
            " put it back, or delete the accounts that were sealed with it; nothing was changed"
        )
        return ConfigurationError(message)


def _about(account: Account, field: str) -> bytes:
    """What a ciphertext is bound to, without any way to mistake one for another."""
    return msgspec.json.encode(["genmux credential 1", account.tenant, account.id, field])
