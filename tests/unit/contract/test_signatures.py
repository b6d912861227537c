"""A webhook is believed when its provider signed just this body, lately; whatever else comes is refused, in words."""

import base64
import datetime
import hashlib
import hmac
import sys
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from genmux.contract import signatures
from genmux.contract.jobs import Delivery, Verified
from genmux.types.errors import AuthenticationError, ConfigurationError

NOW = 1_790_000_000.0
BODY = b'{"id":"job-1","status":"succeeded","output":["https://example.test/a b.png"],"n":2}'
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ok!").decode()
OTHER = "whsec_" + base64.b64encode(b"another secret of thirty-two byt").decode()

Verify = Callable[[Delivery, tuple[str, ...], float], Verified]


def replaced(delivery: Delivery, **headers: str) -> Delivery:
    return Delivery(
        body=delivery.body, headers={**delivery.headers, **{n.replace("_", "-"): v for n, v in headers.items()}}
    )


def standard() -> tuple[Delivery, tuple[str, ...]]:
    dated = datetime.datetime.fromtimestamp(NOW, datetime.UTC)
    signature = Webhook(SECRET).sign("msg_1", dated, BODY.decode())
    headers = {"webhook-id": "msg_1", "webhook-timestamp": f"{NOW:.0f}", "webhook-signature": signature}
    return Delivery(body=BODY, headers=headers), (SECRET,)


KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
PUBLIC = KEY.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
JWKS = msgspec.json.encode(
    {
        "keys": [
            {"kty": "RSA", "kid": "other", "n": "AQAB"},
            {
                "kty": "OKP",
                "crv": "Ed25519",
                "kid": "one",
                "x": base64.urlsafe_b64encode(b"\x02" * 32).decode().rstrip("="),
            },
            {"kty": "OKP", "crv": "Ed25519", "kid": "two", "x": base64.urlsafe_b64encode(PUBLIC).decode().rstrip("=")},
        ]
    }
)


def fal() -> tuple[Delivery, tuple[str, ...]]:
    message = f"req-1\nuser-1\n{NOW:.0f}\n{hashlib.sha256(BODY).hexdigest()}".encode()
    given_ = ("req-1", "user-1", f"{NOW:.0f}", KEY.sign(message).hex())
    names = ("request-id", "user-id", "timestamp", "signature")
    headers = {f"x-fal-webhook-{name}": value for name, value in zip(names, given_, strict=True)}
    return Delivery(body=BODY, headers=headers), signatures.public_keys(JWKS)


def stamped() -> tuple[Delivery, tuple[str, ...]]:
    signed = hmac.new(b"wsec_1", f"{NOW:.0f}.".encode() + BODY, hashlib.sha256).hexdigest()
    return Delivery(body=BODY, headers={"elevenlabs-signature": f"t={NOW:.0f},v0={signed}"}), ("wsec_1",)


def pixverse(
    payload: str = "id=job-1&status=succeeded&output=%5B%22https%3A%2F%2Fexample.test%2Fa+b.png%22%5D&n=2",
) -> tuple[Delivery, tuple[str, ...]]:
    message = f"{NOW:.0f}\nnonce-1\n{payload}".encode()
    signed = base64.b64encode(hmac.new(b"pix", message, hashlib.sha256).digest()).decode()
    headers = {"webhook-timestamp": f"{NOW:.0f}", "webhook-nonce": "nonce-1", "webhook-signature": signed}
    return Delivery(body=BODY, headers=headers), ("pix",)


def prefixed() -> tuple[Delivery, tuple[str, ...]]:
    signed = hmac.new(b"bfl", BODY, hashlib.sha256).hexdigest()
    return Delivery(body=BODY, headers={"x-bfl-signature": f"sha256={signed}"}), ("bfl",)


def by_prefix(delivery: Delivery, secrets: tuple[str, ...], now: float) -> Verified:
    del now
    return signatures.prefixed(delivery, secrets, header="x-bfl-signature")


SIGNED: dict[str, tuple[Verify, tuple[Delivery, tuple[str, ...]], str]] = {
    "standard": (signatures.standard, standard(), "webhook-id"),
    "fal": (signatures.fal, fal(), "x-fal-webhook-request-id"),
    "stamped": (signatures.stamped, stamped(), "elevenlabs-signature"),
    "pixverse": (signatures.pixverse, pixverse(), "webhook-nonce"),
    "prefixed": (by_prefix, prefixed(), "x-bfl-signature"),
}
RAW = ("standard", "fal", "stamped", "prefixed")
"""Those that sign the body as it came; PixVerse signs its fields."""
DATED = ("standard", "fal", "stamped", "pixverse")
"""Those that sign when it was sent."""


@pytest.mark.parametrize("scheme", SIGNED)
def test_what_the_provider_signed_is_believed(scheme: str) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    verified = verify(delivery, secrets, NOW)
    assert verified.trusted
    assert verified.delivery is delivery
    assert verified.id


@pytest.mark.parametrize("scheme", DATED)
@pytest.mark.parametrize("apart", [-299.0, 0.0, 299.0])
def test_clocks_may_differ_by_five_minutes(scheme: str, apart: float) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    assert verify(delivery, secrets, NOW + apart).trusted


@pytest.mark.parametrize("scheme", DATED)
@pytest.mark.parametrize(("apart", "said"), [(301.0, "301 s old"), (-301.0, "301 s ahead")])
def test_an_old_delivery_is_refused_as_late_however_well_it_is_signed(scheme: str, apart: float, said: str) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    with pytest.raises(AuthenticationError, match=said) as caught:
        verify(delivery, secrets, NOW + apart)
    assert caught.value.code == "late"


@pytest.mark.parametrize("scheme", SIGNED)
def test_another_secret_is_refused(scheme: str) -> None:
    verify, (delivery, _), _ = SIGNED[scheme]
    wrong = base64.urlsafe_b64encode(b"\x02" * 32).decode() if scheme == "fal" else OTHER
    with pytest.raises(AuthenticationError, match="does not fit") as caught:
        verify(delivery, (wrong,), NOW)
    assert caught.value.code == "signature"


@pytest.mark.parametrize("scheme", SIGNED)
def test_one_of_several_secrets_is_enough_while_one_is_being_replaced(scheme: str) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    first = base64.urlsafe_b64encode(b"\x02" * 32).decode() if scheme == "fal" else OTHER
    assert verify(delivery, (first, *secrets), NOW).trusted


@pytest.mark.parametrize("scheme", SIGNED)
def test_without_a_secret_nothing_is_believed(scheme: str) -> None:
    verify, (delivery, _), _ = SIGNED[scheme]
    with pytest.raises(AuthenticationError, match="no secret") as caught:
        verify(delivery, (), NOW)
    assert caught.value.code == "secret"


@pytest.mark.parametrize("scheme", SIGNED)
def test_every_header_must_be_there(scheme: str) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    for missing in delivery.headers:
        headers = {name: value for name, value in delivery.headers.items() if name != missing}
        with pytest.raises(AuthenticationError, match=f"the header {missing} is missing") as caught:
            verify(Delivery(body=delivery.body, headers=headers), secrets, NOW)
        assert caught.value.code == "unsigned"


@pytest.mark.parametrize("scheme", RAW)
@given(data=st.data())
def test_any_changed_byte_of_the_body_is_refused(scheme: str, data: st.DataObject) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    at = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != BODY[at]))
    forged = Delivery(body=BODY[:at] + bytes([byte]) + BODY[at + 1 :], headers=delivery.headers)
    with pytest.raises(AuthenticationError, match="does not fit"):
        verify(forged, secrets, NOW)


@given(data=st.data())
def test_any_byte_of_the_body_that_changes_what_it_says_is_refused_where_its_fields_are_signed(
    data: st.DataObject,
) -> None:
    delivery, secrets = pixverse()
    at = data.draw(st.integers(0, len(BODY) - 1))
    byte = data.draw(st.integers(0, 255))
    body = BODY[:at] + bytes([byte]) + BODY[at + 1 :]
    try:
        same = msgspec.json.decode(body) == msgspec.json.decode(BODY)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        same = False
    forged = Delivery(body=body, headers=delivery.headers)
    if not same:
        with pytest.raises(AuthenticationError):
            signatures.pixverse(forged, secrets, NOW)


@pytest.mark.parametrize("scheme", SIGNED)
@given(data=st.data())
def test_any_changed_character_of_a_signed_header_is_refused(scheme: str, data: st.DataObject) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    name = data.draw(st.sampled_from(sorted(delivery.headers)))
    value = delivery.headers[name]
    at = data.draw(st.integers(0, len(value) - 1))
    character = data.draw(st.characters(max_codepoint=255).filter(lambda c: c.lower() != value[at].lower()))
    changed = value[:at] + character + value[at + 1 :]
    forged = Delivery(body=BODY, headers={**delivery.headers, name: changed})
    if changed.strip() != value and bytes_of(changed) != bytes_of(value):
        with pytest.raises(AuthenticationError):
            verify(forged, secrets, NOW)


def bytes_of(text: str) -> Any:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return text


@given(body=st.binary(), id_=st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_what_the_official_package_signs_is_believed_and_what_we_sign_it_believes(body: bytes, id_: str) -> None:
    dated = datetime.datetime.now(datetime.UTC)
    stamp = str(int(dated.timestamp()))
    ours = signatures.standard_signature(id_, stamp, body, signatures.standard_key(SECRET))
    headers = {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": ours}
    assert signatures.standard(Delivery(body=body, headers=headers), (SECRET,), dated.timestamp()).id == id_
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return
    assert Webhook(SECRET).sign(id_, dated, text) == ours


def test_the_list_of_signatures_may_hold_others() -> None:
    delivery, secrets = standard()
    several = f"v1a,xyz v1,AAAA {delivery.headers['webhook-signature']}"
    assert signatures.standard(replaced(delivery, webhook_signature=several), secrets, NOW).id == "msg_1"
    with pytest.raises(AuthenticationError):
        signatures.standard(replaced(delivery, webhook_signature="v1a,xyz v1,AAAA"), secrets, NOW)


def test_a_secret_without_its_prefix_is_base64_or_the_text_itself() -> None:
    delivery, _ = standard()
    assert signatures.standard(delivery, (SECRET.removeprefix("whsec_"),), NOW).trusted
    plain = signatures.standard_signature("msg_1", f"{NOW:.0f}", BODY, b"plain text!")
    assert signatures.standard(replaced(delivery, webhook_signature=plain), ("plain text!",), NOW).trusted


def test_a_secret_that_cannot_be_read_is_named_and_not_shown() -> None:
    delivery, _ = standard()
    with pytest.raises(AuthenticationError, match="not base64") as caught:
        signatures.standard(delivery, ("whsec_not base64!",), NOW)
    assert "not base64!" not in str(caught.value)


@pytest.mark.parametrize("secret", ["whsec_", "whsec_===="])
def test_a_secret_of_nothing_is_none(secret: str) -> None:
    with pytest.raises(AuthenticationError) as raised:
        signatures.standard_key(secret)
    assert raised.value.code == "secret"


@pytest.mark.parametrize("stamp", ["soon", "-5", "1e9", "٣", "9" * 40, "1790000000.5"])
def test_a_timestamp_is_a_whole_number(stamp: str) -> None:
    delivery, secrets = standard()
    with pytest.raises(AuthenticationError, match="whole number of seconds"):
        signatures.standard(replaced(delivery, webhook_timestamp=stamp), secrets, NOW)


def test_a_key_set_gives_its_ed25519_keys_and_says_when_it_has_none() -> None:
    assert len(signatures.public_keys(JWKS)) == 2
    with pytest.raises(AuthenticationError, match="no Ed25519 key"):
        signatures.public_keys(b'{"keys": [{"kty": "RSA", "n": "AQAB"}]}')
    with pytest.raises(AuthenticationError, match="cannot be read"):
        signatures.public_keys(b"<html>")


def test_a_delivery_of_fal_that_is_sent_again_has_the_same_id() -> None:
    delivery, secrets = fal()
    later = f"{NOW + 60:.0f}"
    message = f"req-1\nuser-1\n{later}\n{hashlib.sha256(BODY).hexdigest()}".encode()
    again = replaced(delivery, x_fal_webhook_timestamp=later, x_fal_webhook_signature=KEY.sign(message).hex())
    assert signatures.fal(again, secrets, NOW).id == signatures.fal(delivery, secrets, NOW).id


def test_that_the_package_for_ed25519_is_missing_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, secrets = fal()
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.ed25519", None)
    with pytest.raises(ConfigurationError, match=r"pip install 'genmux\[store\]'"):
        signatures.fal(delivery, secrets, NOW)


@pytest.mark.parametrize(
    "payload",
    [
        "id=job-1&status=succeeded&output=%5B%22https%3A%2F%2Fexample.test%2Fa%20b.png%22%5D&n=2",
        "id=job-1&n=2&output=%5B%22https%3A%2F%2Fexample.test%2Fa+b.png%22%5D&status=succeeded",
    ],
)
def test_the_fields_of_pixverse_may_be_in_their_order_or_sorted_and_encoded_either_way(payload: str) -> None:
    delivery, secrets = pixverse(payload)
    assert signatures.pixverse(delivery, secrets, NOW).id == "nonce-1"


def test_a_timestamp_may_be_in_milliseconds() -> None:
    delivery, secrets = standard()
    late = f"{NOW * 1000:.0f}"
    signature = signatures.standard_signature("msg_1", late, BODY, signatures.standard_key(SECRET))
    assert signatures.standard(
        replaced(delivery, webhook_timestamp=late, webhook_signature=signature), secrets, NOW
    ).trusted


def test_a_body_that_has_no_fields_is_refused_where_fields_are_signed() -> None:
    delivery, secrets = pixverse()
    with pytest.raises(AuthenticationError, match="not a JSON object"):
        signatures.pixverse(Delivery(body=b"[1]", headers=delivery.headers), secrets, NOW)


def test_a_shared_secret_in_a_header_is_compared_whole() -> None:
    delivery = Delivery(body=BODY, headers={"x-webhook-secret": "s3cret"})
    assert signatures.shared(delivery, ("old", "s3cret"), header="x-webhook-secret").trusted
    for secrets in (("s3cre",), ("s3cret2",), ("S3cret",), ()):
        with pytest.raises(AuthenticationError):
            signatures.shared(delivery, secrets, header="x-webhook-secret")
    with pytest.raises(AuthenticationError, match="missing"):
        signatures.shared(Delivery(body=BODY, headers={"x-webhook-secret": ""}), ("",), header="x-webhook-secret")


def test_an_unguessable_path_is_only_a_hint() -> None:
    verified = signatures.unguessable_path(Delivery(body=BODY, headers={}))
    assert not verified.trusted
    assert verified.id == signatures.unguessable_path(Delivery(body=BODY, headers={})).id
    assert verified.id != signatures.unguessable_path(Delivery(body=BODY + b" ", headers={})).id


@pytest.mark.parametrize("scheme", SIGNED)
def test_a_header_of_strange_characters_is_refused_and_breaks_nothing(scheme: str) -> None:
    verify, (delivery, secrets), _ = SIGNED[scheme]
    for name in delivery.headers:
        with pytest.raises(AuthenticationError):
            verify(Delivery(body=BODY, headers={**delivery.headers, name: "\x00é\udcff" * 3}), secrets, NOW)


def test_a_signature_begins_with_its_prefix() -> None:
    delivery, secrets = prefixed()
    bare = delivery.headers["x-bfl-signature"].removeprefix("sha256=")
    with pytest.raises(AuthenticationError, match="does not begin with sha256="):
        by_prefix(replaced(delivery, x_bfl_signature=bare), secrets, NOW)
