"""Who opens a live session, with which model, on which terms."""

import contextlib
from collections.abc import Generator, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from genmux.app import App
from genmux.flows.call.options import CallOptions
from genmux.server.access import Access
from genmux.server.callers import PRINCIPAL
from genmux.server.http import Request
from genmux.server.realtime.purse import Purse
from genmux.server.terms import Terms
from genmux.services.keys import ClientSecret, check_address
from genmux.services.keys.client_secrets import PREFIX
from genmux.types.errors import (
    AuthenticationError,
    InvalidRequestError,
    NotFoundError,
    PermissionDeniedError,
    ProviderError,
    RateLimitError,
    Retry,
    UnsupportedError,
)
from genmux.types.principal import Principal

KEY = "openai-insecure-api-key."
"""How the subprotocol begins in which browsers send a key: they can send no headers."""

BETA = "openai-beta.realtime-v1"
SPOKEN = "realtime"
"""The subprotocol that is agreed on."""

MOST_PURSES = 10_000


class Admitted(msgspec.Struct, frozen=True, kw_only=True):
    """A caller who may open a session. `session` are settings that it cannot choose, `beta` the older form of the dialect."""

    options: CallOptions
    model: str | None
    purse: Purse
    session: dict[str, Any]
    subprotocol: str | None
    beta: bool


class Admissions:
    """Admits callers, and counts their sessions."""

    def __init__(self, app: App, terms: Terms, access: Access) -> None:
        self._app = app
        self._terms = terms
        self._access = access
        self._most = app.settings.gateway.realtime.sessions_per_key
        self._open: dict[str, int] = {}
        self._purses: dict[str, tuple[int, Purse]] = {}

    async def admit(self, request: Request, scope: MutableMapping[str, Any], *, beta: bool) -> Admitted:
        """Who it is. Raises ProviderError for one who may not open a session, or not with this model."""
        spoken: list[str] = [*scope.get("subprotocols", ())]
        key = next((one.removeprefix(KEY) for one in spoken if one.startswith(KEY)), None)
        if key is not None:
            request.headers[b"authorization"] = b"Bearer " + key.encode("latin-1", "replace")
        asked = dict(parse_qsl(request.query.decode("latin-1"))).get("model")
        secret = await self._secret(request)
        if secret is not None:
            asked = _same(asked, secret.model)
            request.principal = self._holder(request, secret)
        else:
            known = scope.get(PRINCIPAL)
            request.principal = self._access.check(request) if known is None else known
        options = self.terms_of(request, asked)
        return Admitted(
            options=options,
            model=asked,
            purse=Purse(options.budget_limit) if secret is None else self._purse(secret),
            session={} if secret is None else secret.session,
            subprotocol=SPOKEN if SPOKEN in spoken else None,
            beta=beta or BETA in spoken,
        )

    def terms_of(self, request: Request, model: str | None) -> CallOptions:
        """How sessions of a model are made for a caller. Raises ProviderError for one that there is not, or not for him."""
        if not model and "realtime" not in self._app.settings.defaults.models:
            raise InvalidRequestError("say which model: `/v1/realtime?model=MODEL`", param="model")
        try:
            options = self._terms.options(request, model, "realtime")
        except (UnsupportedError, NotFoundError) as error:
            options = self._voiced(request, model, error)
        self._app.sessions.model(model)
        return options

    def _voiced(self, request: Request, model: str | None, error: ProviderError) -> CallOptions:
        """The same for a text model, which is given a voice; of any other it is said that it does not talk."""
        try:
            return self._terms.options(request, model, "chat")
        except UnsupportedError:
            raise error from None

    @contextlib.contextmanager
    def counted(self, principal: Principal) -> Generator[None]:
        """One more session of a key. Raises RateLimitError where it has too many."""
        name = principal.key or principal.organisation
        held = self._open.get(name, 0)
        if held >= self._most:
            message = (
                f"this key has {held} live sessions, and {self._most} are allowed at a time; end one of them first"
            )
            raise RateLimitError(message, retry=Retry.SAFE)
        self._open[name] = held + 1
        try:
            yield
        finally:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    async def _secret(self, request: Request) -> ClientSecret | None:
        scheme, _, text = (request.header(b"authorization") or "").partition(" ")
        text = text.strip()
        if scheme.lower() != "bearer" or not text.startswith(PREFIX):
            return None
        return await self._app.client_secrets.open(text)

    def _holder(self, request: Request, secret: ClientSecret) -> Principal:
        """The key behind a secret, from where that may be used."""
        principal = self._app.ring.holder(secret.key)
        if secret.key is None:
            self._access.check(request)
        elif principal.allow is not None and principal.allow.networks:
            check_address(principal.allow, self._access.address(request))
        if secret.end_user is not None:
            principal = principal.asking(secret.end_user, {})
        return principal

    def _purse(self, secret: ClientSecret) -> Purse:
        """The one of all sessions of a secret. It is kept as long as the secret can open any."""
        if secret.id not in self._purses:
            if len(self._purses) >= MOST_PURSES:
                soonest = sorted(self._purses, key=lambda name: self._purses[name][0])
                for name in soonest[: MOST_PURSES // 10]:
                    del self._purses[name]
            self._purses[secret.id] = (secret.expires, Purse(secret.budget))
        purse = self._purses[secret.id][1]
        purse.check()
        return purse


def _same(asked: str | None, model: str) -> str:
    if asked not in (None, model):
        message = f"this client secret is for the model {model!r}, not for {asked!r}"
        raise PermissionDeniedError(message, status=403, param="model")
    return model


def refuse_secret(request: Request) -> None:
    """Raise AuthenticationError for a caller who has only a client secret: with one, no others are made."""
    if b" " + PREFIX.encode() in request.headers.get(b"authorization", b""):
        raise AuthenticationError("client secrets are made with a key, not with a client secret", status=401)
