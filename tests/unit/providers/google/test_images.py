"""Pictures of Gemini."""

import base64
from typing import Any

import msgspec
import pytest

from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import Cancels, Finds, Hooks, Lists, Prepared
from genmux.types.assets import Output
from genmux.types.errors import ErrorKind, InvalidRequestError, MalformedReplyError, RateLimitError, UnsupportedError
from genmux.types.jobs import Completed, Ended, Failed, Filtered
from genmux.types.usage import Usage
from tests.unit.providers.documented import replied
from tests.unit.providers.simulated import REGISTRY, model_of, prepared

GOOGLE = REGISTRY.load("google")
IMAGES = GOOGLE.wires["images"]
NAME = "gemini-nano-banana-2.1"
PNG = bytes.fromhex("89504e470d0a1a0a")
PNG64 = base64.b64encode(PNG).decode()
CAT = MediaInput(kind="image", role="image", url=f"data:image/png;base64,{PNG64}")
READY = Prepared(request=MediaRequest(operation="text_to_image"), model=model_of(GOOGLE, NAME))
PICTURE = {"inlineData": {"mimeType": "image/png", "data": PNG64}}


def body(*inputs: MediaInput, **params: Any) -> dict[str, Any]:
    operation: Any = "image_to_image" if inputs else "text_to_image"
    request = MediaRequest(operation=operation, prompt="a cat", inputs=inputs, params=params)
    return prepared(GOOGLE, NAME, request).body


def answered(*parts: Any, finish: str | None = "STOP", **rest: Any) -> Ended:
    candidate = {"content": {"role": "model", "parts": [*parts]}, "finishReason": finish}
    return came({"candidates": [candidate], **rest})


def came(document: Any) -> Ended:
    return IMAGES.submitted(replied(document), READY)


def test_words_are_sent_to_the_model_of_the_address() -> None:
    http = IMAGES.submit(prepared(GOOGLE, NAME, MediaRequest(operation="text_to_image", prompt="a cat")), "key", None)
    assert (http.method, http.url) == ("POST", f"/models/{NAME}:generateContent")
    assert msgspec.json.decode(http.document or b"") == {
        "contents": [{"role": "user", "parts": [{"text": "a cat"}]}],
        "generationConfig": {"responseModalities": ["TEXT", "IMAGE"]},
    }
    assert not http.free


def test_several_pictures_come_before_the_words() -> None:
    given = {"inlineData": {"mimeType": "image/png", "data": PNG64}}
    assert body(CAT, CAT)["contents"][0]["parts"] == [given, given, {"text": "a cat"}]


def test_parameters_have_their_places() -> None:
    said = body(aspect_ratio="16:9", resolution="2K", seed=7, thinking_level="high", instructions="Flat colours.", n=1)
    assert said["systemInstruction"] == {"parts": [{"text": "Flat colours."}]}
    assert said["generationConfig"] == {
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": {"aspectRatio": "16:9", "imageSize": "2K"},
        "seed": 7,
        "thinkingConfig": {"thinkingLevel": "high"},
    }


def test_a_picture_without_its_bytes_is_refused() -> None:
    with pytest.raises(InvalidRequestError, match="'image' must be given with its bytes"):
        body(MediaInput(kind="image", role="image", url="https://in.example/cat.png"))


def test_pictures_words_and_tokens_are_read_and_drafts_are_not() -> None:
    usage = {
        "promptTokenCount": 266,
        "candidatesTokenCount": 1336,
        "thoughtsTokenCount": 179,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}, {"modality": "IMAGE", "tokenCount": 258}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    draft = {"inlineData": {"mimeType": "image/png", "data": "AAAA"}, "thought": True}
    state = answered(
        {"text": "Thinking", "thought": True},
        draft,
        {"text": "Once. "},
        PICTURE,
        {"text": "Twice."},
        PICTURE,
        usageMetadata=usage,
    )
    assert isinstance(state, Completed)
    assert state.outputs == (Output(data=PNG, media_type="image/png"),) * 2
    assert state.text == "Once. Twice."
    assert state.raw == "STOP"
    assert state.usage.meters == {
        "tokens.input": 266,
        "tokens.input.image": 258,
        "tokens.output": 1515,
        "tokens.output.image": 1290,
        "tokens.output.reasoning": 179,
    }


@pytest.mark.parametrize("row", GOOGLE.manifest.statuses[:26], ids=lambda row: row.raw)
def test_every_reason_without_a_picture_is_filtered_or_failed(row: Any) -> None:
    state = came(
        {
            "candidates": [{"finishReason": row.raw, "finishMessage": "so it is"}],
            "usageMetadata": {"promptTokenCount": 9},
        }
    )
    assert isinstance(state, Filtered if row.state == "filtered" else Failed)
    assert state.raw == row.raw
    assert state.usage is not None
    assert state.usage.meters == {"tokens.input": 9}
    assert "so it is" in (state.reason if isinstance(state, Filtered) else state.message)


def test_a_prompt_that_is_blocked_is_filtered() -> None:
    state = came({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}})
    assert state == Filtered(reason="Google says PROHIBITED_CONTENT", usage=Usage(), raw="PROHIBITED_CONTENT")


@pytest.mark.parametrize("finish", ["MAX_TOKENS", "A_WORD_OF_TOMORROW"])
def test_with_a_picture_it_is_complete_whatever_else_is_said(finish: str) -> None:
    assert isinstance(answered(PICTURE, finish=finish), Completed)


def test_a_reason_that_nobody_knows_is_a_failure_for_nobody_can_ask_again() -> None:
    state = came({"candidates": [{"finishReason": "A_WORD_OF_TOMORROW"}]})
    assert isinstance(state, Failed)
    assert state.kind is ErrorKind.SERVER
    assert state.raw == "A_WORD_OF_TOMORROW"


def test_words_alone_are_no_picture() -> None:
    state = answered({"text": "I would rather talk about it."})
    assert isinstance(state, Failed)
    assert state.message == "no picture was made (STOP): I would rather talk about it."


@pytest.mark.parametrize("document", [{}, {"candidates": []}, {"candidates": [{}]}])
def test_nothing_at_all_is_a_failure(document: Any) -> None:
    state = came(document)
    assert isinstance(state, Failed)
    assert state.raw == "FINISH_REASON_UNSPECIFIED"


def test_an_error_that_looks_like_a_success_is_raised() -> None:
    with pytest.raises(RateLimitError):
        came({"error": {"code": 429, "message": "slower", "status": "RESOURCE_EXHAUSTED"}})


def test_a_reply_that_is_none_is_malformed() -> None:
    with pytest.raises(MalformedReplyError):
        came({"candidates": "none"})


def test_there_is_no_job_to_ask_for() -> None:
    assert not any(isinstance(IMAGES, kind) for kind in (Cancels, Finds, Lists, Hooks))
    with pytest.raises(UnsupportedError):
        IMAGES.poll({})
