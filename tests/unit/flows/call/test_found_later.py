"""Errors that are found in a reply after the engine has handed it on: they lose every secret, and their verdict is honest."""

import msgspec
import pytest

from genmux.app import App
from genmux.contract.http import WireEvent
from genmux.flows.call.stream import PartStream, at_least
from genmux.services.settings import ProviderSettings
from genmux.types.chat import ChatRequest, Message
from genmux.types.content import Text
from genmux.types.errors import ProviderError, Retry
from genmux.types.parts import Part
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT, Usage
from tests.fake_transport import Played
from tests.unit.flows.call.house import JSON, app, listen, said, streamed
from tests.unit.flows.call.test_passage import WITH_USAGE, body, chunks_of, passing, whole

KEY = "top-secret-value-of-the-provider"
REQUEST = ChatRequest(model="acme/one", messages=(Message(role="user", content=(Text("hi"),)),))
FAULT = msgspec.json.encode({"error": {"message": f"invalid key {KEY}", "code": "rate_limit_exceeded"}})
EVENT = b"data: " + FAULT + b"\n\n"


def keyed(*script: Played) -> App:
    made, _ = app(*script, providers={"acme": ProviderSettings(credentials={"api_key": KEY})})
    return made


def told(error: ProviderError) -> str:
    return f"{error} {error.body} {error.args} {error.__cause__}"


async def drained(stream: PartStream) -> list[Part]:
    return [part async for part in stream]


async def test_an_error_inside_a_good_status_keeps_no_secret_and_counts_its_attempt() -> None:
    house = keyed(Played(FAULT, headers=JSON), Played(FAULT, headers=JSON))
    heard = listen(house)

    with pytest.raises(ProviderError) as caught:
        await house.calls.chat(REQUEST)
    assert KEY not in told(caught.value)
    assert caught.value.attempts == 1
    with pytest.raises(ProviderError) as caught:
        await whole(house, body())
    assert KEY not in told(caught.value)
    assert KEY not in str(heard)


async def test_an_error_event_keeps_no_secret_and_is_in_doubt_once_something_was_given() -> None:
    house = keyed(streamed(said("hel"), EVENT))
    stream = await house.calls.stream(REQUEST)

    with pytest.raises(ProviderError) as caught:
        await drained(stream)

    assert KEY not in told(caught.value)
    assert caught.value.retry is Retry.UNSURE


@pytest.mark.parametrize("asked", [WITH_USAGE, {}])
async def test_an_error_event_in_passing_bytes_becomes_one_error_of_ours(asked: dict[str, object]) -> None:
    house = keyed(streamed(said("hel"), EVENT))
    passed = await passing(house, body(stream=True, **asked))

    assert await passed.read() == said("hel")
    assert await passed.read() == b""
    with pytest.raises(ProviderError, match="invalid key") as caught:
        await passed.read()

    assert KEY not in told(caught.value)
    assert caught.value.retry is Retry.UNSURE


async def test_an_end_without_a_blank_line_passes_once() -> None:
    last = said("lo", "stop")
    house = keyed(streamed(said("hel"), last[:-1]))

    chunks = await chunks_of(await passing(house, body(stream=True, **WITH_USAGE)))

    assert b"".join(chunks) == said("hel") + last


def test_who_leaves_early_has_had_at_least_what_was_received() -> None:
    early = Usage(meters={TOKENS_INPUT: 10, TOKENS_OUTPUT: 1})
    booked = at_least(early, 4_000, lambda: 99)
    assert (booked.input, booked.output, booked.estimated) == (10, 1_000, True)
    assert at_least(early, 3, lambda: 99) is early
    assert at_least(None, 4_000, lambda: 99).meters == {TOKENS_INPUT: 99, TOKENS_OUTPUT: 1_000}


def test_a_frame_has_its_name() -> None:
    from genmux.flows.call.passage import frame

    assert frame(WireEvent(b"{}", "ping")) == b"event: ping\ndata: {}\n\n"
