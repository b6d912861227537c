"""How a provider proves that a webhook is from it. A wire picks one of these in `Hooks.verify`; none asks the clock.

Each takes a delivery, the secrets that may be right (several while one is being replaced) and the time, and either gives
`Verified` or raises AuthenticationError that says what is wrong. Its `code` is `unsigned` (something is missing or unreadable),
`late` (the timestamp is too far from now), `secret` (there is nothing to check with) or `signature` (it does not fit: the
secret may have been replaced). Texts are compared in constant time.

Sources: Standard Webhooks 1.0 (www.standardwebhooks.com); fal, "Webhooks" (docs.fal.ai); ElevenLabs SDK 2.78.0; PixVerse,
"Webhook integration" (docs.platform.pixverse.ai); all as of 2026-09.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import quote, quote_plus

import msgspec

from genmux.contract.jobs import Delivery, Verified
from genmux.types.errors import AuthenticationError, ConfigurationError

TOLERANCE = 300.0
"""How far from now a delivery may be dated, in seconds, before and after."""

SECRET_PREFIX = "whsec_"

_MILLISECONDS = 10**11
"""A timestamp of at least this is in milliseconds: in seconds it would be the year 5138."""


# ---------------------------------------------------------------- Standard Webhooks
def standard(delivery: Delivery, secrets: Sequence[str], now: float, *, tolerance: float = TOLERANCE) -> Verified:
    """Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, a list of `v1,BASE64`. Replicate, OpenAI."""
    id_, stamp, signatures = (_header(delivery, f"webhook-{name}") for name in ("id", "timestamp", "signature"))
    _on_time(stamp, now, tolerance)
    right = [standard_signature(id_, stamp, delivery.body, key) for key in _given(_standard_keys(secrets))]
    _one_fits(right, signatures.split())
    return Verified(id=id_, delivery=delivery)


def standard_signature(id_: str, stamp: str, body: bytes, key: bytes) -> str:
    """The signature that Standard Webhooks puts on a body: `v1,` and the base64 of an HMAC-SHA256."""
    return "v1," + _base64_hmac(key, _bytes(f"{id_}.{stamp}.") + body)


def standard_key(secret: str) -> bytes:
    """The bytes of a secret such as `whsec_BASE64`. Raises AuthenticationError."""
    try:
        key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not key:
        message = (
            f"the secret of the webhook is not base64 after {SECRET_PREFIX!r}; copy it anew from where it was made"
        )
        raise AuthenticationError(message, code="secret")
    return key


def _standard_keys(secrets: Iterable[str]) -> Iterator[bytes]:
    """What each secret may mean: without the prefix it is base64 to some, the text itself to others."""
    for secret in secrets:
        if secret.startswith(SECRET_PREFIX):
            yield standard_key(secret)
        elif secret:
            yield secret.encode()
            try:
                yield standard_key(secret)
            except AuthenticationError:
                continue


# ---------------------------------------------------------------- fal
def fal(delivery: Delivery, secrets: Sequence[str], now: float, *, tolerance: float = TOLERANCE) -> Verified:
    """Ed25519 over request id, user id, timestamp and the body's SHA-256, a line each; the signature is in hex.

    `secrets` are the public keys of the provider's JWKS: see `public_keys`. The request id and the body name the delivery,
    so that a delivery that is sent again counts once.
    """
    names = ("request-id", "user-id", "timestamp", "signature")
    request, user, stamp, signature = (_header(delivery, f"x-fal-webhook-{name}") for name in names)
    _on_time(stamp, now, tolerance)
    digest = hashlib.sha256(delivery.body).hexdigest()
    try:
        signed = bytes.fromhex(signature)
    except ValueError:
        raise _unsigned("x-fal-webhook-signature is not hexadecimal") from None
    if not _ed25519(_given(secrets), signed, _bytes(f"{request}\n{user}\n{stamp}\n{digest}")):
        raise _misfit()
    return Verified(id=f"{request}:{digest[:32]}", delivery=delivery)


class _PublicKey(msgspec.Struct, frozen=True):
    """One key of a JWKS, as far as it matters here."""

    kty: str = ""
    crv: str = "Ed25519"
    x: str = ""


class _KeySet(msgspec.Struct, frozen=True):
    """A JWKS."""

    keys: tuple[_PublicKey, ...] = ()


_KEY_SET = msgspec.json.Decoder(_KeySet)


def public_keys(document: bytes) -> tuple[str, ...]:
    """The Ed25519 keys of a JWKS (`kty` is `OKP`), as base64url. Raises AuthenticationError where there is none."""
    try:
        keys = _KEY_SET.decode(document).keys
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        message = f"the provider's key set cannot be read: {error}"
        raise AuthenticationError(message, code="secret") from error
    found = tuple(key.x for key in keys if key.kty == "OKP" and key.crv == "Ed25519" and key.x)
    if not found:
        message = "the provider's key set has no Ed25519 key"
        raise AuthenticationError(message, code="secret")
    return found


def _ed25519(keys: Iterable[str], signature: bytes, message: bytes) -> bool:
    """Whether the signature is of one of the keys."""
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        need = (
            "Ed25519 signatures are checked by the package cryptography, which is not here: pip install 'genmux[store]'"
        )
        raise ConfigurationError(need) from None
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(_base64url(key)).verify(signature, message)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False


def _base64url(text: str) -> bytes:
    """Base64url with or without its padding. Raises ValueError."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


# ---------------------------------------------------------------- others that sign
def stamped(
    delivery: Delivery,
    secrets: Sequence[str],
    now: float,
    *,
    header: str = "elevenlabs-signature",
    version: str = "v0",
    tolerance: float = TOLERANCE,
) -> Verified:
    """One header `t=SECONDS,v0=HEX`, an HMAC-SHA256 over `SECONDS.BODY`. ElevenLabs; others call the version `v1`."""
    parts = [part.strip().partition("=") for part in _header(delivery, header).split(",")]
    stamps = [value for name, _, value in parts if name == "t"]
    signatures = [value for name, _, value in parts if name == version]
    if len(stamps) != 1 or not signatures:
        raise _unsigned(f"{header} is not of the form t=SECONDS,{version}=SIGNATURE")
    _on_time(stamps[0], now, tolerance)
    message = _bytes(f"{stamps[0]}.") + delivery.body
    _one_fits([_hex_hmac(secret.encode(), message) for secret in _given(secrets)], signatures)
    return Verified(id=_body_id(delivery), delivery=delivery)


def pixverse(delivery: Delivery, secrets: Sequence[str], now: float, *, tolerance: float = TOLERANCE) -> Verified:
    r"""HMAC-SHA256, in base64, over `TIMESTAMP\nNONCE\nk=v&…`: the fields of the body, URL-encoded.

    PixVerse does not say in which order the fields are, nor how a space is encoded, so the usual ways are all tried: each
    carries the same content, and none can be made without the secret.
    """
    stamp, nonce, signature = (_header(delivery, f"webhook-{name}") for name in ("timestamp", "nonce", "signature"))
    _on_time(stamp, now, tolerance)
    start = _bytes(f"{stamp}\n{nonce}\n")
    messages = [start + written for written in _url_encoded(delivery.body)]
    right = [_base64_hmac(secret.encode(), message) for secret in _given(secrets) for message in messages]
    _one_fits(right, [signature])
    return Verified(id=nonce, delivery=delivery)


def _url_encoded(body: bytes) -> Iterator[bytes]:
    """The ways to write the fields of a JSON object as `k=v&…`."""
    fields = _fields(body)
    for pairs in (fields, sorted(fields)):
        for quoted in (quote_plus, quote):
            yield "&".join(f"{quoted(name, safe='')}={quoted(value, safe='')}" for name, value in pairs).encode()


def _fields(body: bytes) -> list[tuple[str, str]]:
    """The fields of a JSON object in their order; what is no text is written as JSON. Raises AuthenticationError."""
    try:
        read: dict[str, msgspec.Raw] = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        values: dict[str, Any] = {name: msgspec.json.decode(value) for name, value in read.items()}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise _unsigned("the body is not a JSON object, and its fields are what is signed") from None
    return [(name, v if isinstance(v, str) else bytes(read[name]).decode()) for name, v in values.items()]


def prefixed(delivery: Delivery, secrets: Sequence[str], *, header: str, prefix: str = "sha256=") -> Verified:
    """A header with an HMAC-SHA256 over the body in hex, after a prefix; without a timestamp, so it may be replayed. BFL."""
    signature = _header(delivery, header)
    if not signature.startswith(prefix):
        raise _unsigned(f"{header} does not begin with {prefix}")
    _one_fits([_hex_hmac(secret.encode(), delivery.body) for secret in _given(secrets)], [signature[len(prefix) :]])
    return Verified(id=_body_id(delivery), delivery=delivery)


# ---------------------------------------------------------------- those that sign nothing
def shared(delivery: Delivery, secrets: Sequence[str], *, header: str) -> Verified:
    """A secret that the provider repeats in a header. Whoever saw one delivery can forge another, so the body is not proven."""
    given = _header(delivery, header)
    _one_fits([secret for secret in _given(secrets) if secret], [given])
    return Verified(id=_body_id(delivery), delivery=delivery)


def unguessable_path(delivery: Delivery) -> Verified:
    """Nothing is signed: that the address was known is all there is. What it says is no more than a hint."""
    return Verified(id=_body_id(delivery), delivery=delivery, trusted=False)


# ---------------------------------------------------------------- parts
def _header(delivery: Delivery, name: str) -> str:
    """A header that must be there."""
    value = delivery.headers.get(name, "").strip()
    if not value:
        raise _unsigned(f"the header {name} is missing")
    return value


def _on_time(stamp: str, now: float, tolerance: float) -> None:
    """Refuse a delivery that is dated too long ago, or ahead of us."""
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= len(str(_MILLISECONDS)) + 3):
        raise _unsigned(f"its timestamp {stamp[:40]!r} is not a whole number of seconds")
    dated = int(stamp)
    apart = (dated / 1000 if dated >= _MILLISECONDS else dated) - now
    if abs(apart) > tolerance:
        which = f"{apart:.0f} s ahead of this clock" if apart > 0 else f"{-apart:.0f} s old"
        message = f"the webhook is dated {which}, and {tolerance:.0f} s are allowed; if it is genuine, a clock is wrong"
        raise AuthenticationError(message, code="late")


def _given(secrets: Iterable[Any]) -> list[Any]:
    """What there is to check with. Raises AuthenticationError where there is nothing."""
    found = list(secrets)
    if not found:
        message = "there is no secret to check the webhook with: set the webhook secret of the account"
        raise AuthenticationError(message, code="secret")
    return found


def _one_fits(right: Iterable[str], given: Sequence[str]) -> None:
    """Compare all with all, however soon one fits."""
    fits = False
    for ours in right:
        for theirs in given:
            fits |= hmac.compare_digest(_bytes(ours), _bytes(theirs))
    if not fits:
        raise _misfit()


def _bytes(text: str) -> bytes:
    """A header's text as bytes: what is not ASCII came as Latin-1, or is a surrogate, and must not raise."""
    return text.encode("utf-8", "surrogatepass")


def _hex_hmac(key: bytes, message: bytes) -> str:
    return hmac.new(key, message, hashlib.sha256).hexdigest()


def _base64_hmac(key: bytes, message: bytes) -> str:
    return base64.b64encode(hmac.digest(key, message, "sha256")).decode()


def _body_id(delivery: Delivery) -> str:
    """Names a delivery by what it says, where the provider gives it no name."""
    return hashlib.sha256(delivery.body).hexdigest()[:32]


def _unsigned(what: str) -> AuthenticationError:
    return AuthenticationError(f"the webhook is not signed as it should be: {what}", code="unsigned")


def _misfit() -> AuthenticationError:
    message = (
        "the signature of the webhook does not fit its body and the secret: it is forged, changed, or the secret is old"
    )
    return AuthenticationError(message, code="signature")
