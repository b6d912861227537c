"""What may go wrong with a call, by name; a value may stand behind the name."""

from collections.abc import Iterator
from typing import NamedTuple

from genmux.contract.local import Pause
from genmux.testing.simulator.media.refusal import Refusal
from genmux.testing.simulator.steps import CHUNKED, LAST_CHUNK, Cut, Step, chunk, head
from genmux.testing.simulator.voice.personality import Told


class Fault(NamedTuple):
    """A fault. `refused` is the kind of refusal, where it is one; nothing is billed then."""

    meaning: str
    refused: str | None = None


FAULTS: dict[str, Fault] = {
    "401": Fault("the key is wrong, and the error repeats it", "authentication"),
    "429": Fault("too many calls; the value is when to come again, in seconds", "rate_limit"),
    "500": Fault("something broke", "server"),
    "402": Fault("the account is empty", "quota_exceeded"),
    "truncated": Fault("the body breaks off in the middle"),
    "reset": Fault("the connection is torn down in the middle"),
    "late": Fault("the answer takes so many seconds (0.2)"),
    "silent": Fault("the answer never comes"),
    "garbled": Fault("the answer is a page of HTML with 200"),
    "empty": Fault("the answer is 200 without a body"),
}
"""All of them."""


def parsed(directives: str) -> list[tuple[str, str]]:
    """Faults with their values, one for each call; `ok` is none. Raises KeyError for one that there is not."""
    found: list[tuple[str, str]] = []
    for one in directives.split(";"):
        name, _, value = one.strip().partition(" ")
        if name not in FAULTS and name != "ok":
            message = f"there is no fault {name!r}; there are ok, {', '.join(FAULTS)}"
            raise KeyError(message)
        found.append((name, value.strip()))
    return found


def refusal_of(name: str, value: str, *, key: str) -> Refusal | None:
    """The refusal that a fault is; None for one that is none."""
    fault = FAULTS.get(name)
    if fault is None or fault.refused is None:
        return None
    message = f"the API key {key} is wrong" if name == "401" else fault.meaning.partition(";")[0]
    return Refusal(fault.refused, message, retry_after=float(value) if name == "429" and value else None)


def played(told: Told, name: str, value: str) -> Iterator[Step]:
    """An answer, with what goes wrong with it."""
    if name == "silent":
        yield Cut.STALL
        return
    if name == "late":
        yield Pause(float(value or 0.2))
    if name == "garbled":
        told = Told(media_type="text/html", pieces=(b"<html><title>Oops</title></html>",))
    if name == "empty":
        told = Told(media_type=told.media_type, pieces=())
    half = len(told.pieces) // 2
    yield head(told.status, (("content-type", told.media_type), *told.headers, *CHUNKED))
    for number, piece in enumerate(told.pieces):
        if name in {"truncated", "reset"} and number == half:
            yield chunk(piece[: len(piece) // 2])
            yield Pause(0.01)  # what was sent must be there before the connection is gone
            yield Cut.FIN if name == "truncated" else Cut.RESET
            return
        yield chunk(piece)
    yield LAST_CHUNK
