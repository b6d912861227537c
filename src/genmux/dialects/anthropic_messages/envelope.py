"""How the opaque reasoning state of other providers travels through a client of this dialect.

Such a client echoes the `signature` of a thinking block and the `data` of a redacted one without looking inside. A state
that is not from this dialect is therefore written as

    genmux.1.BASE64URL(JSON {"o": origin, "s": signature, "e": encrypted, "x": extra})

with only the keys that have a value. `accept` opens it again, so that the state finds back to its origin and to no other.
State of this dialect is written as it is, exactly as when replies pass as bytes.
"""

import base64
import binascii
from typing import Final

import msgspec

from genmux.types.content import Fields, Reasoning

PREFIX: Final = "genmux.1."
DAMAGED: Final = "damaged"
"""The origin of a state that cannot be read any more."""


class _State(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    rename={"origin": "o", "signature": "s", "encrypted": "e", "extra": "x"},
):
    origin: str
    signature: str | None = None
    encrypted: str | None = None
    extra: Fields | None = None


_DECODER = msgspec.json.Decoder(_State)


def seal(reasoning: Reasoning, origin: str) -> str:
    """The state of a reasoning block as one string; `origin` serves where the block names none."""
    state = _State(reasoning.origin or origin, reasoning.signature, reasoning.encrypted, reasoning.extra)
    return PREFIX + base64.urlsafe_b64encode(msgspec.json.encode(state)).decode().rstrip("=")


def unseal(sealed: str, text: str = "") -> Reasoning | None:
    """The reasoning block whose state this is; None when it was not sealed by `seal`.

    One that was damaged on the way comes back without its state, from nowhere, and is therefore sent to nobody.
    """
    if not sealed.startswith(PREFIX):
        return None
    letters = sealed[len(PREFIX) :]
    try:
        state = _DECODER.decode(base64.urlsafe_b64decode(letters + "=" * (-len(letters) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, RecursionError):
        return Reasoning(text, origin=DAMAGED)
    return Reasoning(text, state.signature, state.encrypted, state.origin, state.extra)
