"""Streams of unfinished pictures."""

from typing import Any

import msgspec
import pytest

from genmux.contract.http import WireEvent
from genmux.contract.jobs import PartialOutput
from genmux.dialects.openai_images.reader import ImagesReader
from genmux.types.errors import ContentFilteredError, MalformedReplyError, NetworkError, Retry
from genmux.types.jobs import Completed
from tests.unit.dialects.openai_images.speaking import PNG, PNG64

USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"image_tokens": 0, "text_tokens": 10},
    "output_tokens": 272,
    "total_tokens": 282,
}


def event(kind: str, **fields: Any) -> WireEvent:
    return WireEvent(msgspec.json.encode({"type": kind, **fields}), kind)


@pytest.mark.parametrize("begin", ["image_generation", "image_edit"])
def test_unfinished_pictures_come_as_they_are_made_and_the_result_at_the_end(begin: str) -> None:
    reader = ImagesReader()
    first = reader.feed(event(f"{begin}.partial_image", b64_json=PNG64, partial_image_index=0, output_format="webp"))
    assert [*first] == [PartialOutput(index=0, data=PNG, media_type="image/webp")]
    assert [*reader.feed(event(f"{begin}.completed", b64_json=PNG64, output_format="webp", usage=USAGE))] == []
    (state,) = reader.close()
    assert isinstance(state, Completed)
    assert [(output.data, output.media_type) for output in state.outputs] == [(PNG, "image/webp")]
    assert state.usage.meters == {
        "tokens.input": 10, "tokens.input.image": 0, "tokens.output": 272, "tokens.output.image": 272,
    }  # fmt: skip


def test_several_pictures_are_one_result_with_all_their_tokens() -> None:
    reader = ImagesReader()
    for _ in range(2):
        assert [*reader.feed(event("image_generation.completed", b64_json=PNG64, usage=USAGE))] == []
    (state,) = reader.close()
    assert isinstance(state, Completed)
    assert len(state.outputs) == 2
    assert state.usage.meters["tokens.output"] == 544
    assert state.usage.meters["tokens.input"] == 20


def test_an_unfinished_picture_belongs_to_the_next_one_that_is_not_finished() -> None:
    reader = ImagesReader()
    assert [*reader.feed(event("image_generation.completed", b64_json=PNG64))] == []
    (partial,) = reader.feed(event("image_generation.partial_image", b64_json=PNG64))
    assert isinstance(partial, PartialOutput)
    assert partial.index == 1


def test_an_error_in_the_stream_is_raised() -> None:
    told = {"error": {"message": "rejected by the safety system", "code": "moderation_blocked"}}
    with pytest.raises(ContentFilteredError):
        ImagesReader().feed(event("error", **told))


def test_a_stream_that_ends_too_early_may_have_been_billed() -> None:
    reader = ImagesReader()
    reader.feed(event("image_generation.partial_image", b64_json=PNG64))
    with pytest.raises(NetworkError) as caught:
        reader.close()
    assert caught.value.retry is Retry.UNSURE


def test_events_that_nobody_knows_and_the_last_word_say_nothing() -> None:
    reader = ImagesReader()
    assert [*reader.feed(event("image_generation.queued"))] == []
    assert [*reader.feed(WireEvent(b"[DONE]"))] == []


def test_what_is_no_event_is_malformed() -> None:
    with pytest.raises(MalformedReplyError):
        ImagesReader().feed(WireEvent(b"{"))
