"""Accounts out of what a browser extension posts: tokens only, never passwords."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

from genmux.contract.account import Captured, CapturedAccount, missing_identity, missing_token
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.services.accounts.book import AccountBook
from genmux.services.accounts.drafts import AccountDraft, credential_of
from genmux.types.accounts import Account
from genmux.types.errors import InvalidRequestError, ProviderError, UnsupportedError
from genmux.types.principal import DEFAULT_TENANT

LARGEST = 262_144
"""Bytes that a capture may have."""

MOST_FIELDS = 500
"""So many cookies, headers or entries of the storage are taken."""

LONGEST_FIELD = 16_384
"""Characters that one of them may have."""

_PASSWORD = re.compile(r"(?i)pass[-_ ]?(?:word|wd|phrase|code)|passwort|^(?:pass|pwd|pw|pin)$|[-_](?:pwd|pw)$")
_DEEPEST = 20


class Providers(Protocol):
    """Finds and builds providers."""

    def load(self, provider_id: str) -> Provider:
        """A provider. Raises NotFoundError or ConfigurationError."""
        ...

    def detect(self, url: str) -> str | None:
        """The id of the provider to which a URL belongs; None when no provider claims its host."""
        ...


class Posted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is posted. Cookies and headers are tables, or lists of `{name, value}` as browsers give them."""

    url: str
    provider: str | None = None
    name: str | None = None
    cookies: Any = None
    headers: Any = None
    storage: Any = None
    email: str | None = None

    def __repr__(self) -> str:
        """Nothing of what was captured."""
        return f"Posted(provider={self.provider!r})"


class CaptureDesk:
    """Takes captures and makes or renews accounts of them."""

    def __init__(self, providers: Providers, book: AccountBook) -> None:
        self._providers = providers
        self._book = book
        self._turn = asyncio.Lock()

    async def take(
        self, body: bytes, tenant: str = DEFAULT_TENANT, *, owner: str | None = None
    ) -> tuple[Account, bool]:
        """The account of a capture, and whether it is new. The same identity again renews its account and keeps its id.

        With an `owner` the account is that key's alone, and no other's account is renewed: whose a capture is, is only said.

        Raises InvalidRequestError that names what is missing or must not be there, UnsupportedError, NotFoundError,
        ConfigurationError, StoreError.
        """
        posted = read_capture(body)
        provider = self._provider(posted)
        found = _read(provider, _captured(posted))
        manifest = provider.manifest
        known = {name: value for name, value in found.credential.items() if name in manifest.credentials}
        if not any(value.strip() for value in known.values()):
            raise missing_token(f"field of {', '.join(manifest.credentials) or manifest.id} among what was captured")
        identity = found.identity.strip()
        if not identity:
            raise missing_identity("e-mail address or id among what was captured")
        credential = credential_of(known, manifest)
        async with self._turn:
            old = self._same(tenant, manifest.id, identity, owner)
            if old is None:
                try:
                    draft = self._draft(posted, found, manifest, credential, identity)
                    return await self._book.add(msgspec.structs.replace(draft, owner=owner), tenant), True
                except InvalidRequestError:  # another worker was first, or the name is taken by somebody else
                    await self._book.refresh()
                    old = self._same(tenant, manifest.id, identity, owner)
                    if old is None:
                        raise
            plan = found.plan or old.plan
            new = msgspec.structs.replace(old, plan=plan, expires_at=found.expires_at, domains=manifest.domains)
            fields = frozenset({"plan", "expires_at", "domains"})
            return await self._book.renew(new, credential, fields=fields), False

    def _provider(self, posted: Posted) -> Provider:
        """The named provider, else the one to which the page belongs, if it can read captures."""
        provider_id = posted.provider or self._providers.detect(posted.url)
        if provider_id is None:
            host = urlsplit(posted.url).hostname if "://" in posted.url else None
            message = f"no provider claims the page {host or 'that was captured'!r}; name one as `provider`"
            raise InvalidRequestError(message, param="url")
        provider = self._providers.load(provider_id)
        if provider.account is None:
            message = f"{provider_id} cannot read an account from a page; add its key with `genmux accounts add {provider_id}`"
            raise UnsupportedError(message, provider=provider_id)
        return provider

    def _same(self, tenant: str, provider: str, identity: str, owner: str | None) -> Account | None:
        wanted = identity.casefold()
        for one in self._book.list(tenant, provider=provider):
            if one.origin == "stored" and one.owner == owner and (one.identity or "").casefold() == wanted:
                return one
        return None

    @staticmethod
    def _draft(
        posted: Posted, found: CapturedAccount, manifest: Manifest, credential: Mapping[str, str], identity: str
    ) -> AccountDraft:
        name = posted.name or re.sub(r"[^A-Za-z0-9._@+-]", "-", identity).lstrip("._@+-")[:100] or "captured"
        return AccountDraft(
            provider=manifest.id,
            name=name,
            credential=dict(credential),
            identity=identity,
            plan=found.plan,
            expires_at=found.expires_at,
        )


def read_capture(body: bytes) -> Posted:
    """What was posted. Raises InvalidRequestError when it is too large, no JSON, or has something like a password in it."""
    if len(body) > LARGEST:
        message = f"a capture has at most {LARGEST:,} bytes; this one has {len(body):,}"
        raise InvalidRequestError(message, param="body")
    try:
        document = msgspec.json.decode(body, type=dict[str, Any])
        if name := _password(document):
            message = f"`{name:.60}` looks like a password; genmux takes tokens only, send the capture without it"
            raise InvalidRequestError(message, param=name[:60])
        return msgspec.convert(document, Posted)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        message = "a capture is a JSON object with url, and any of provider, name, cookies, headers, storage, email"
        reason = str(error) if isinstance(error, msgspec.ValidationError) else "it is no JSON"
        raise InvalidRequestError(f"{message}: {reason}", param="body") from None


def _password(value: Any, depth: int = 0) -> str | None:
    """The name of a field that is called like a password, wherever it is."""
    if depth > _DEEPEST:
        raise InvalidRequestError("a capture is not so deeply nested", param="body")
    match value:
        case dict():
            for name, one in value.items():
                label = one if name == "name" and isinstance(one, str) else name
                if _PASSWORD.search(label):
                    return label
                if (found := _password(one, depth + 1)) is not None:
                    return found
        case list():
            return next((found for one in value if (found := _password(one, depth + 1)) is not None), None)
        case _:
            pass
    return None


def _captured(posted: Posted) -> Captured:
    headers = _table(posted.headers, "headers")
    return Captured(
        url=posted.url[:LONGEST_FIELD],
        cookies=_table(posted.cookies, "cookies"),
        headers={name.lower(): value for name, value in headers.items()},
        storage=_table(posted.storage, "storage"),
        email=posted.email.strip() or None if posted.email else None,
    )


def _table(given: Any, place: str) -> dict[str, str]:
    """Texts by name; what is no text is left out. Raises InvalidRequestError for what is no table, or too large."""
    match given:
        case None:
            return {}
        case dict():
            pairs = [*given.items()]
        case list():
            pairs = [(one.get("name"), one.get("value")) for one in given if isinstance(one, dict)]
        case _:
            message = f"`{place}` must be a table, or a list of names with values"
            raise InvalidRequestError(message, param=place)
    if len(pairs) > MOST_FIELDS:
        message = f"`{place}` has {len(pairs):,} entries; at most {MOST_FIELDS} are taken"
        raise InvalidRequestError(message, param=place)
    found = {name: value for name, value in pairs if isinstance(name, str) and isinstance(value, str)}
    if long := [name for name, value in found.items() if len(value) > LONGEST_FIELD]:
        message = f"`{place}.{long[0]:.60}` has more than {LONGEST_FIELD:,} characters"
        raise InvalidRequestError(message, param=place)
    return found


def _read(provider: Provider, captured: Captured) -> CapturedAccount:
    """What the provider makes of it. Its errors name what is missing; all others must not tell what was captured."""
    hook = provider.account
    if hook is None:
        message = f"{provider.id} cannot read an account from a page"
        raise UnsupportedError(message, provider=provider.id)
    try:
        return hook(captured)
    except ProviderError as error:
        error.provider = error.provider or provider.id
        raise
    except Exception as error:  # noqa: BLE001 — foreign code; what it says may hold what was captured
        message = f"{provider.id} could not read the capture ({type(error).__name__})"
        raise InvalidRequestError(message, provider=provider.id) from None
