"""`POST /v1/realtime/client_secrets`: short-lived tokens for browsers, in the shape of OpenAI."""

from decimal import Decimal
from typing import Any, Literal

import msgspec

from genmux.app import App
from genmux.contract.dialect import Answer
from genmux.dialects.openai_realtime import OpenAIRealtimeServer, wants_beta
from genmux.server.http import Request
from genmux.server.realtime.admission import Admissions, refuse_secret
from genmux.server.terms import Terms
from genmux.services.keys.client_secrets import USUAL
from genmux.types.errors import InvalidRequestError, UnsupportedError

LARGEST_SESSION = 256 * 1024
"""Bytes of a session that a secret stands for."""


class _Expiry(msgspec.Struct):
    """When a secret ends."""

    anchor: Literal["created_at"] = "created_at"
    seconds: int = USUAL


class _Asked(msgspec.Struct):
    """What is asked for. `budget_limit`, in US dollars, is ours: what all sessions of the secret may cost together."""

    session: dict[str, Any] = msgspec.field(default_factory=dict)
    expires_after: _Expiry | None = None
    budget_limit: Decimal | None = None


class SecretsEndpoint:
    """Makes client secrets."""

    def __init__(self, app: App, terms: Terms, admissions: Admissions) -> None:
        self._app = app
        self._terms = terms
        self._admissions = admissions

    async def create(self, request: Request) -> None:
        """Make one. Raises ProviderError."""
        refuse_secret(request)
        asked = _read(await self._terms.body(request))
        told = {name: value for name, value in asked.session.items() if name != "model"}
        model = asked.session.get("model") or self._app.settings.defaults.models.get("realtime")
        if not isinstance(model, str):
            raise InvalidRequestError("say in `session.model` which model it is for", param="session.model")
        options = self._admissions.terms_of(request, model)
        codec = OpenAIRealtimeServer(beta=wants_beta(request.headers))
        codec.accept(msgspec.json.encode({"type": "session.update", "session": told}))
        limits = [one for one in (asked.budget_limit, options.budget_limit) if one is not None]
        principal = options.principal
        text, secret = await self._app.client_secrets.issue(
            key=principal.key,
            model=model,
            seconds=(asked.expires_after or _Expiry()).seconds,
            session=told,
            end_user=principal.end_user,
            budget=min(limits, default=None),
        )
        greeting = msgspec.json.decode(codec.greet(f"sess_{self._app.new_id()}", model)[0])
        body = {"value": text, "expires_at": secret.expires, "session": greeting["session"]}
        headers = (("content-type", "application/json"), ("cache-control", "no-store"))
        await request.answer(Answer(status=200, body=msgspec.json.encode(body), headers=headers))


def _read(body: bytes) -> _Asked:
    if len(body) > LARGEST_SESSION:
        message = f"the session is larger than {LARGEST_SESSION:,} bytes; set up the rest when it is open"
        raise InvalidRequestError(message, param="session")
    try:
        asked = msgspec.json.decode(body or b"{}", type=_Asked)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidRequestError(f"the body is not understood: {error}") from error
    if asked.budget_limit is not None and not (asked.budget_limit.is_finite() and asked.budget_limit > 0):
        message = f"`budget_limit` is {asked.budget_limit}; it is US dollars, more than 0"
        raise InvalidRequestError(message, param="budget_limit")
    kind = asked.session.get("type", "realtime")
    if kind != "realtime":
        message = f"`session.type` is {kind!r:.60}; only realtime sessions are served here"
        raise UnsupportedError(message, param="session.type")
    return asked
