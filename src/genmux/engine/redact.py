"""Secrets never leave: what is known to be one, and what looks like one, is replaced in every text that goes out.

Knowing is better than guessing, so a `Redactor` is given the credential; the patterns catch the keys of others, which
providers like to echo.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import msgspec

MARK = "[redacted]"
"""What stands in a secret's place."""

PUBLIC_FIELDS = frozenset({"api_version", "base_url", "deployment", "endpoint", "location", "project", "region"})
"""Fields of a credential that say where or for whom, and are no secret."""

SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie", "www-authenticate"})
"""Headers that carry nothing but secrets."""

_SHORTEST = 6
"""A shorter value is no secret, and replacing it everywhere would garble the text (`none`, `x`)."""

_SECRET_NAME = (
    r"[\w-]{0,40}(?:(?:api|access|auth|private|subscription|session|refresh|id)[-_]?(?:key|token|secret)"
    r"|secret(?:[-_]?key)?|password|passwd|authorization)"
)
_SAYS = r"(['\"]?\s?[:=]\s?['\"]?|['\"],\s?['\"])(?!\[redacted)"
_PATTERNS: tuple[tuple[str, str], ...] = (  # every repetition is bounded: the texts are written by others
    # "api_key": "…", also with escaped quotes (JSON inside JSON)
    (rf'(?i)(\\?"{_SECRET_NAME}\\?"\s{{0,9}}:\s{{0,9}}\\?")[^"\\]+', rf"\g<1>{MARK}"),
    # authorization: Bearer …, ('cookie', '…')
    (
        rf"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie){_SAYS}(?:(?:bearer|basic|key|token)\s+)?[^\s'\",;&)}}\]]+",
        rf"\g<1>\g<2>{MARK}",
    ),
    # x-api-key: …, client_secret=…
    (rf"(?i)\b({_SECRET_NAME}){_SAYS}[^\s'\",;&)}}\]]{{8,}}", rf"\g<1>\g<2>{MARK}"),
    # Bearer …, but not «bearer authentication»
    (r"(?i)\b(bearer|basic)\s+(?!auth|token|scheme|credential)[A-Za-z0-9._~+/=-]{8,}", rf"\g<1> {MARK}"),
    # ?key=…, &sig=…
    (
        r"(?i)([?&](?:[\w.-]{0,40}(?:key|token|secret|password|signature|credential)|sig)=)[^&\s\"'<>#)]+",
        rf"\g<1>{MARK}",
    ),
    # https://user:password@host
    (r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/@?#\"']{1,500}@", rf"\g<1>{MARK}@"),
    # the shapes of well-known keys, whole or masked by the provider (sk-…, gsk_…, AIza…, hf_…, xai-…, r8_…)
    (r"\b(?:sk|pk|rk|ak|gsk|hf|xai|r8|nvapi|pplx|fw|csk|tgp|ghp|gho|glpat|lsv2)[-_][\w*.-]{8,}", MARK),
    (r"\bAIza[\w-]{20,}|\bAKIA[A-Z0-9]{12,}|\bya29\.[\w.-]{8,}", MARK),
    (r"\beyJ[\w-]{8,2000}\.[\w-]{8,4000}\.[\w-]{0,2000}", MARK),
)


class Redactor:
    """Removes secrets from texts; `secrets` are those that are known."""

    __slots__ = ("_known",)

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets if len(secret) >= _SHORTEST for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    @classmethod
    def of(cls, credential: Mapping[str, str]) -> "Redactor":
        """Knows all secret fields of a credential."""
        return cls(value.strip() for name, value in credential.items() if value and name not in PUBLIC_FIELDS)

    def text(self, text: str) -> str:
        """The text without secrets."""
        if self._known is not None:
            text = self._known.sub(MARK, text)
        for pattern, mark in _PATTERNS:
            text = re.sub(pattern, mark, text)  # compiled and remembered by `re` when first needed
        return text

    def body(self, body: bytes) -> bytes:
        """The same for the bytes of a text; JSON stays JSON."""
        return self.text(body.decode("utf-8", "replace")).encode()

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Headers without secrets, for showing and recording."""
        return tuple(
            (name, MARK if name.lower() in SECRET_HEADERS else self.text(f"{name}: {value}")[len(name) + 2 :])
            for name, value in headers
        )

    def error(self, error: BaseException) -> None:
        """Remove secrets from an exception and from those that caused it, where a traceback would print them."""
        seen: set[int] = set()
        link: BaseException | None = error
        while link is not None and id(link) not in seen:
            seen.add(id(link))
            if self._shows_secret(link):
                self._clean(link)
            cause = link.__cause__ or link.__context__
            if cause is not None and self._shows_secret(cause):
                self._clean(cause)
                if self._shows_secret(cause):
                    cause = _stand_in(cause, self.text(f"{type(cause).__name__}: {cause}"))
                    link.__cause__ = cause
            link = cause

    def _shows_secret(self, error: BaseException) -> bool:
        shown = "\n".join((str(error), repr(error), repr(error.args), *_texts(error).values()))
        return self.text(shown) != shown

    def _clean(self, error: BaseException) -> None:
        error.args = tuple(self.text(each if isinstance(each, str) else repr(each)) for each in error.args)
        for name, value in _texts(error).items():
            if (clean := self.text(value)) != value:
                setattr(error, name, clean)


class RedactedError(Exception):
    """Stands in for an exception that could not be shown without a secret."""


def _texts(error: BaseException) -> dict[str, str]:
    return {name: value for name, value in vars(error).items() if isinstance(value, str)}


def _stand_in(error: BaseException, text: str) -> RedactedError:
    stand_in = RedactedError(text).with_traceback(error.__traceback__)
    stand_in.__cause__ = error.__cause__
    return stand_in


def _spellings(secret: str) -> set[str]:
    """A secret as it is written in plain text, in a URL and in JSON."""
    return {secret, quote(secret, safe=""), quote(secret), msgspec.json.encode(secret).decode()[1:-1]}
