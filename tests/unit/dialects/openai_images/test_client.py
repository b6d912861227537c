"""The half that faces a host."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.contract.http import FileBody, Form, HttpRequest
from genmux.contract.inputs import MediaInput
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists, StreamsMedia
from genmux.dialects.openai_images import client
from genmux.types.assets import Output
from genmux.types.errors import (
    ConfigurationError,
    ContentFilteredError,
    ErrorKind,
    InvalidRequestError,
    MalformedReplyError,
    UnsupportedError,
)
from genmux.types.jobs import Completed, Failed, Filtered
from tests.unit.dialects.openai_images.speaking import (
    DATA_URI,
    MODEL,
    PNG,
    PNG64,
    asking,
    body,
    came,
    ready,
    sent,
    without_steps,
)

FILE = MediaInput(kind="image", role="image", file=FileBody(path="a.png", size=8, media_type="image/png"))
MASK = MediaInput(kind="image", role="mask", file=FileBody(path="m.png", size=8, media_type="image/png"))
LINKED = MediaInput(kind="image", role="image", url="https://host.example/a.png")
INLINE = MediaInput(kind="image", role="image", url=DATA_URI)

USAGE = {
    "input_tokens": 431,
    "input_tokens_details": {"image_tokens": 388, "text_tokens": 43},
    "output_tokens": 1364,
    "output_tokens_details": {"image_tokens": 1056, "text_tokens": 308},
    "total_tokens": 1795,
}


def fields_of(http: HttpRequest) -> list[tuple[str, Any]]:
    assert isinstance(http.body, Form)
    return [(field.name, field.value) for field in http.body.fields]


def test_a_request_is_written() -> None:
    http = sent(
        asking(n=2, size="1024x1536", quality="high", background="transparent", format="webp", moderation="low")
    )
    assert (http.method, http.url) == ("POST", "/images/generations")
    assert body(http) == {
        "model": "their-painter",
        "prompt": "a cat",
        "n": 2,
        "size": "1024x1536",
        "quality": "high",
        "background": "transparent",
        "output_format": "webp",
        "moderation": "low",
    }
    assert not http.free
    assert not http.read_only


def test_pictures_that_are_files_go_as_a_form_with_their_mask() -> None:
    http = sent(asking(FILE, MASK, operation="edit_image", n=1, output_compression=80))
    assert http.url == "/images/edits"
    assert fields_of(http) == [
        ("model", "their-painter"),
        ("prompt", "a cat"),
        ("n", "1"),
        ("output_compression", "80"),
        ("image[]", FILE.file),
        ("mask", MASK.file),
    ]


def test_a_picture_inside_an_address_joins_those_that_are_files() -> None:
    assert ("image[]", PNG) in fields_of(sent(asking(FILE, INLINE)))


def test_a_link_beside_files_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="is an address, and others are files"):
        sent(asking(FILE, LINKED))


def test_pictures_that_are_addresses_go_as_json() -> None:
    masked = MediaInput(kind="image", role="mask", url=DATA_URI)
    http = sent(asking(INLINE, LINKED, masked))
    assert body(http)["images"] == [{"image_url": DATA_URI}, {"image_url": "https://host.example/a.png"}]
    assert body(http)["mask"] == {"image_url": DATA_URI}


def test_how_a_host_names_pictures_is_its_own_matter() -> None:
    options: dict[str, Any] = {"input_key": "url", "input_type": "image_url", "single_input": "image"}
    one = {"url": DATA_URI, "type": "image_url"}
    assert body(sent(asking(INLINE), **options))["image"] == one
    assert body(sent(asking(INLINE, INLINE), **options))["images"] == [one, one]


def test_a_host_without_edits_takes_no_pictures() -> None:
    with pytest.raises(UnsupportedError, match="p/painter takes no pictures"):
        ready(asking(INLINE), edits="")


def test_names_defaults_and_refused_parameters_are_the_hosts_matter() -> None:
    options: dict[str, Any] = {
        "rename": {"n": "count"},
        "drop": ["style"],
        "defaults": {"response_format": "b64_json", "size": "auto"},
    }
    prepared = ready(asking(n=2, style="vivid", size="1024x1024"), **options)
    assert prepared.body["count"] == 2
    assert prepared.body["size"] == "1024x1024"
    assert prepared.body["response_format"] == "b64_json"
    (warning,) = prepared.warnings
    assert (warning.kind, warning.field) == ("unsupported", "style")


def test_a_host_may_want_words_in_small_letters() -> None:
    assert ready(asking(resolution="2K", style="Vivid"), lowercase=["resolution", "quality"]).body == {
        "model": "their-painter",
        "prompt": asking().prompt,
        "resolution": "2k",
        "style": "Vivid",
    }


def test_the_end_user_goes_into_the_field_of_the_host() -> None:
    request = asking()
    request = type(request)(operation=request.operation, prompt=request.prompt, user="u1")
    assert ready(request).body["user"] == "u1"
    assert ready(request, user="safety_identifier").body["safety_identifier"] == "u1"
    assert "user" not in ready(request, user="").body


def test_unfinished_pictures_are_asked_for_only_in_a_stream() -> None:
    wire = client({})
    assert isinstance(wire, StreamsMedia)
    prepared = ready(asking(partial_images=2))
    assert "partial_images" not in body(wire.submit(prepared, "key", None))
    streamed = wire.submit_stream(prepared, "key")
    assert body(streamed)["stream"] is True
    assert body(streamed)["partial_images"] == 2
    assert streamed.framing == "sse"
    form = wire.submit_stream(ready(asking(FILE, partial_images=1)), "key")
    assert ("stream", "true") in fields_of(form)
    assert dict(form.headers)["accept"] == "text/event-stream"


def test_a_host_that_shows_nothing_unfinished_has_no_streams() -> None:
    assert not isinstance(client({"streams": False}), StreamsMedia)


def test_a_job_that_is_done_at_once_can_be_neither_asked_for_nor_cancelled() -> None:
    wire = client({})
    assert not any(isinstance(wire, kind) for kind in (Cancels, Finds, Lists, Hooks))
    with pytest.raises(UnsupportedError, match="no job to ask for"):
        wire.poll({})


def test_pictures_and_tokens_are_read() -> None:
    state = came({"created": 1, "data": [{"b64_json": PNG64}], "output_format": "png", "usage": USAGE})
    assert isinstance(state, Completed)
    assert state.outputs == (Output(data=PNG, media_type="image/png"),)
    assert state.usage.meters == {
        "tokens.input": 431,
        "tokens.input.image": 388,
        "tokens.output": 1364,
        "tokens.output.image": 1056,
    }
    assert state.usage.raw == USAGE


def test_without_further_words_all_output_is_the_pictures() -> None:
    state = came({"data": [{"b64_json": PNG64}], "usage": {"input_tokens": 10, "output_tokens": 4160}})
    assert isinstance(state, Completed)
    assert state.usage.meters["tokens.output.image"] == 4160


def test_where_no_tokens_are_told_the_pictures_are_counted() -> None:
    state = came({"data": [{"url": "https://host.example/1.png", "revised_prompt": "a grey cat"}, {"b64_json": PNG64}]})
    assert isinstance(state, Completed)
    assert state.usage.meters == {"images.output": 2}
    assert state.outputs[0] == Output(url="https://host.example/1.png", metadata={"revised_prompt": "a grey cat"})


def test_a_cost_in_ticks_is_read() -> None:
    state = came(
        {
            "data": [{"url": "https://host.example/1.jpeg", "mime_type": "image/jpeg"}],
            "usage": {"cost_in_usd_ticks": 200_000_000},
        }
    )
    assert isinstance(state, Completed)
    assert state.usage.reported_cost == Decimal("0.02")
    assert state.outputs[0].media_type == "image/jpeg"


def test_pictures_that_are_kept_back_are_counted_and_all_of_them_are_filtered() -> None:
    kept = {"url": "", "respect_moderation": False}
    some = came({"data": [kept, {"url": "https://host.example/1.png", "respect_moderation": True}]})
    assert isinstance(some, Completed)
    assert (len(some.outputs), some.filtered) == (1, 1)
    assert isinstance(came({"data": [kept, kept]}), Filtered)


@pytest.mark.parametrize("document", [{"data": []}, {}, {"data": [{}]}, {"data": None, "usage": USAGE}])
def test_a_success_without_a_picture_is_a_failure(document: Any) -> None:
    state = came(document)
    assert isinstance(state, Failed)
    assert state.kind is ErrorKind.MALFORMED_REPLY
    assert (state.usage is not None) == ("usage" in document)


def test_an_error_that_looks_like_a_success_is_raised() -> None:
    with pytest.raises(ContentFilteredError, match="safety"):
        came({"error": {"message": "rejected by the safety system", "code": "moderation_blocked"}})


def test_a_reply_that_is_none_is_malformed() -> None:
    with pytest.raises(MalformedReplyError):
        came({"data": "none"})


def test_an_unknown_option_is_told_with_those_that_there_are() -> None:
    with pytest.raises(ConfigurationError, match=r"colour.*the options are generations, edits"):
        client({"colour": "red"})


def test_nothing_is_sent_before_the_paid_request() -> None:
    assert without_steps(client({}).prepare(asking(), MODEL)).model is MODEL
