"""The optional hook with which a provider reads an account out of what a browser extension captured on its pages.

Seed systems called it `extract_account_data`. Only tokens are taken; passwords never get this far.
"""

import datetime
from collections.abc import Callable, Mapping

import msgspec

from genmux.types.errors import InvalidRequestError


class Captured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What was captured on a page: its address, cookies, headers of its requests (names in lower case), and its storage."""

    url: str
    cookies: Mapping[str, str] = msgspec.field(default_factory=dict)
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)
    storage: Mapping[str, str] = msgspec.field(default_factory=dict)
    email: str | None = None

    @property
    def bearer(self) -> str | None:
        """The token of an `Authorization: Bearer` header."""
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token.strip() or None if scheme.lower() == "bearer" else None

    def __repr__(self) -> str:
        """Only the names of what was captured."""
        kinds = {"cookies": self.cookies, "headers": self.headers, "storage": self.storage}
        names = [f"{kind}=<{', '.join(sorted(found))}>" for kind, found in kinds.items()]
        return f"Captured({', '.join(names)})"


class CapturedAccount(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider read out of it: the `credential` by the names in its manifest, and whose it is.

    `identity` is the e-mail address or the id at the provider: the same one captured again is the same account.
    """

    credential: Mapping[str, str]
    identity: str
    plan: str | None = None
    expires_at: datetime.datetime | None = None

    def __repr__(self) -> str:
        """Everything but the secrets."""
        return f"CapturedAccount(identity={self.identity!r}, credential=<{', '.join(sorted(self.credential))}>)"


AccountHook = Callable[[Captured], CapturedAccount]
"""Reads an account out of what was captured. Raises InvalidRequestError that names what is missing."""


def missing_token(where: str) -> InvalidRequestError:
    """The error for a capture without a usable token; `where` says in which places it was looked for."""
    message = (
        f"nothing was captured that can be used as a token: there is no {where}; sign in on the page and capture again"
    )
    return InvalidRequestError(message, param="cookies")


def missing_identity(where: str) -> InvalidRequestError:
    """The error for a capture that does not tell whose account it is."""
    message = f"whose account this is was not captured: there is no {where}; give `email`"
    return InvalidRequestError(message, param="email")
