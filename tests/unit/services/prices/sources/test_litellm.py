"""LiteLLM's entries as models of the catalogue: one price for one thing, said once."""

import datetime
from typing import Any

import pytest

from genmux.services.prices.media import MediaModel
from genmux.services.prices.sources.litellm import media_of
from genmux.services.prices.sources.names import kind_of, operations_of, provider_id, taken_apart
from genmux.types.money import Price
from tests.unit.services.shop import price

TODAY = datetime.date(2026, 11, 27)


def model(entries: dict[str, dict[str, Any]], provider: str, name: str) -> MediaModel:
    """The model that some entries make."""
    return media_of(entries, today=TODAY, lacking=lambda _provider, _name: True)[provider].models[name]


def image(provider: str = "fal_ai", **facts: Any) -> dict[str, Any]:
    """An entry of an image model."""
    return {"litellm_provider": provider, "mode": "image_generation", **facts}


def each(meter: str, amount: str, **fields: Any) -> Price:
    """A price for one."""
    return price(meter, amount, per=1, **fields)


@pytest.mark.parametrize(
    ("key", "provider", "name", "when"),
    [
        ("gpt-image-1", "openai", "gpt-image-1", {}),
        ("medium/1024-x-1536/gpt-image-1-mini", "openai", "gpt-image-1-mini", {"quality": "medium", "size": "1024x1536"}),
        ("azure/hd/1024-x-1792/dall-e-3", "azure", "dall-e-3", {"quality": "hd", "size": "1024x1792"}),
        ("azure/eu/gpt-realtime", "azure", "gpt-realtime", {"region": "eu"}),
        ("azure/global/gpt-realtime", "azure", "gpt-realtime", {}),
        ("fal_ai/max/1024-x-768/openai/gpt-image-2.5/edit", "fal_ai", "openai/gpt-image-2.5/edit",
         {"quality": "max", "size": "1024x768"}),
        ("1024-x-1024/50-steps/bedrock/amazon.nova-canvas-v1:0", "bedrock", "amazon.nova-canvas-v1:0",
         {"size": "1024x1024", "steps": 50}),
        ("max-x-max/max-steps/stability.sdxl", "bedrock", "stability.sdxl", {}),
        ("stability/fast", "stability", "fast", {}),
        ("aiml/flux/dev", "aiml", "flux/dev", {}),
    ],
)  # fmt: skip
def test_a_key_is_a_name_and_what_else_it_says(key: str, provider: str, name: str, when: dict[str, Any]) -> None:
    assert taken_apart(key, provider) == (name, when)


def test_a_provider_is_called_as_it_is_here() -> None:
    assert [provider_id(name) for name in ("fal_ai", "gemini", "runwayml", "new_one", "openai")] == [
        "fal", "google", "runway", "new-one", "openai",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "name", "kind", "operations"),
    [
        ("image_generation", "flux/dev", "image", ("text_to_image",)),
        ("image_generation", "gpt-image/edit", "image", ("image_to_image",)),
        ("image_edit", "conservative", "image", ("image_to_image",)),
        ("image_edit", "stable-fast-upscale", "image", ("upscale",)),
        ("image_generation", "trellis-2", "model3d", ()),
        ("video_generation", "veo-3.1", "video", ("text_to_video", "image_to_video")),
        ("video_generation", "seedance/text-to-video", "video", ("text_to_video",)),
        ("video_generation", "wan-i2v", "video", ("image_to_video",)),
        ("video_generation", "ray/reframe", "video", ("video_to_video",)),
        ("audio_speech", "lyria-002", "music", ("text_to_music",)),
        ("audio_speech", "tts-1", "speech", ("text_to_speech",)),
        ("ocr", "ocr", "pages", ()),
        ("embedding", "embed", "text", ("embed",)),
    ],
)
def test_kind_and_operations_follow_from_mode_and_name(
    mode: str, name: str, kind: str, operations: tuple[str, ...]
) -> None:
    found = kind_of(mode, name)

    assert found == kind
    assert operations_of(found, mode, name, takes_images=False) == operations
    assert kind_of("moderation", name) is None


def test_keys_of_one_model_become_its_rows() -> None:
    entries = {
        "low/1024-x-1024/pic": image("openai", input_cost_per_image=0.01),
        "high/1024-x-1024/pic": image("openai", input_cost_per_image=0.1),
        "pic": image("openai", output_cost_per_image=0.04, source="https://openai.example"),
    }
    found = model(entries, "openai", "pic")

    assert found.prices == (
        each("images.output", "0.04"),
        each("images.output", "0.1", when={"quality": "high", "size": "1024x1024"}),
        each("images.output", "0.01", when={"quality": "low", "size": "1024x1024"}),
    )
    assert (found.url, found.confidence) == ("https://openai.example", "medium")


@pytest.mark.parametrize(
    ("facts", "rows"),
    [
        (image(output_cost_per_image=0.03, output_cost_per_image_token=3e-05),
         [price("tokens.output.image", "30")]),
        (image("tencent", output_cost_per_image=0.03, output_cost_per_image_token=3e-05), [each("images.output", "0.03")]),
        (image(output_cost_per_image=0.03, output_cost_per_image_4K=0.06),
         [each("images.output", "0.03"), each("images.output", "0.06", when={"resolution": "4k"})]),
        (image(output_cost_per_image=0.025, output_cost_per_pixel=0.025 / (1 << 20),
               metadata={"notes": "rounding each image up to the nearest megapixel"}),
         [price("pixels.output", "0.025", per=1 << 20, round_to=1 << 20)]),
        (image(output_cost_per_image=0.025, output_cost_per_pixel=2e-08), [each("images.output", "0.025")]),
        (image(input_cost_per_pixel=5e-08), [price("pixels.output", "0.05")]),
        (image("runwayml", input_cost_per_image=0.05, output_cost_per_image=0.05), [each("images.output", "0.05")]),
        (image(input_cost_per_image=0.0, output_cost_per_image=0.05), [each("images.output", "0.05")]),
        (image(input_cost_per_token=0.0, output_cost_per_token=0.0), []),
        ({"litellm_provider": "openai", "mode": "audio_speech", "input_cost_per_token": 6e-07,
          "output_cost_per_audio_token": 1.2e-05, "output_cost_per_second": 0.00025},
         [price("tokens.input", "0.6"), price("tokens.output.audio", "12")]),
        ({"litellm_provider": "deepgram", "mode": "audio_transcription", "input_cost_per_second": 7.167e-05,
          "output_cost_per_second": 0.0, "metadata": {"original_pricing_per_minute": 0.0043}},
         [price("seconds.input.audio", "0.0043", per=60)]),
        ({"litellm_provider": "xai", "mode": "realtime", "input_cost_per_second": 0.0013333333, "input_cost_per_text_message": 0.004},
         [each("messages.input", "0.004"), price("seconds.audio", "0.08", per=60)]),
        ({"litellm_provider": "cohere", "mode": "rerank", "input_cost_per_query": 0.002, "input_cost_per_token": 0.0},
         [each("calls.rerank", "0.002")]),
        ({"litellm_provider": "vertex_ai", "mode": "audio_speech", "output_cost_per_image": 0.06}, [each("images.output", "0.06")]),
        ({"litellm_provider": "searxng", "mode": "search", "input_cost_per_query": 0.0}, [each("calls.search", "0")]),
        ({"litellm_provider": "minimax", "mode": "video_generation", "output_cost_per_second": 0.08, "input_cost_per_image": 0.04,
          "provider_specific_entry": {"minimax_free_input_images": 5}},
         [each("images.input", "0.04", free=5), each("seconds.output.video", "0.08")]),
        ({"litellm_provider": "runwayml", "mode": "video_generation", "output_cost_per_second": 0.4,
          "metadata": {"comment": "40 credits per second with audio, 20 without @ $0.01 per credit"}},
         [each("seconds.output.video", "0.4"), each("seconds.output.video", "0.2", when={"audio": False})]),
        ({"litellm_provider": "runwayml", "mode": "video_generation", "output_cost_per_second": 0.28,
          "metadata": {"comment": "28 credits per second @ $0.01 per credit = $0.28 per second; 56 credit minimum per task not modeled"}},
         [each("seconds.output.video", "0.28", minimum=2.0)]),
        ({"litellm_provider": "openai", "mode": "realtime", "input_cost_per_token": 4e-06, "regional_processing_uplift_multiplier_eu": 1.1},
         [price("tokens.input", "4"), price("tokens.input", "4.4", when={"region": "eu"})]),
    ],
)  # fmt: skip
def test_a_price_is_said_once_and_for_what_it_is(facts: dict[str, Any], rows: list[Price]) -> None:
    found = model({"thing": facts}, provider_id(facts["litellm_provider"]), "thing")

    assert list(found.prices) == rows


def test_a_size_in_the_key_makes_images_of_pixels() -> None:
    entries = {
        "azure/high/1024-x-1024/pic": image("azure", input_cost_per_pixel=1.59263611e-07, output_cost_per_pixel=0.0)
    }

    assert model(entries, "azure", "pic").prices == (
        each("images.output", "0.167", when={"quality": "high", "size": "1024x1024"}),
    )


def test_songs_and_meshes_are_no_images() -> None:
    song = {"litellm_provider": "vertex_ai", "mode": "audio_speech", "output_cost_per_image": 0.06}

    assert model({"vertex_ai/lyria-002": song}, "vertex", "lyria-002").prices == (each("tracks.output", "0.06"),)
    assert model({"fal_ai/trellis-2": image(output_cost_per_image=0.3)}, "fal", "trellis-2").prices == (
        each("meshes.output", "0.3"),
    )


def test_a_model_ends_when_all_its_keys_do() -> None:
    old = image("openai", input_cost_per_image=0.1, deprecation_date="2026-11-27")
    entries = {
        "low/1024-x-1024/gone": old,
        "low/1024-x-1024/half": old,
        "half": image("openai", output_cost_per_image=0.1),
    }
    found = media_of(entries, today=TODAY)["openai"]

    assert [*found.models] == ["half"]
    assert [*found.retired] == ["gone"]
    later = media_of(entries, today=TODAY - datetime.timedelta(days=1))["openai"]
    assert later.models["gone"].shutdown == "2026-11-27"


def test_seconds_that_come_out_of_a_transcription_are_those_of_its_sound() -> None:
    facts = {"litellm_provider": "soniox", "mode": "audio_transcription", "input_cost_per_second": 0.0}
    found = model({"soniox/new": {**facts, "output_cost_per_second": 2.77778e-05}}, "soniox", "new")
    both = model(
        {"soniox/new": {**facts, "input_cost_per_second": 1e-4, "output_cost_per_second": 2e-4}}, "soniox", "new"
    )

    assert found.prices == (price("seconds.input.audio", "0.1", per=3_600),)
    assert both.prices == (each("seconds.input.audio", "0.0001"),)


def test_what_goes_in_is_free_where_the_call_has_a_fee() -> None:
    facts = {
        "litellm_provider": "perplexity",
        "mode": "chat",
        "input_cost_per_token": 0.0,
        "output_cost_per_token": 1e-6,
    }
    with_fee = model({"perplexity/old": {**facts, "input_cost_per_request": 0.005}}, "perplexity", "old")
    without = model({"perplexity/old": facts}, "perplexity", "old")

    assert [(row.meter, str(row.amount)) for row in with_fee.prices] == [
        ("calls", "0.005"), ("tokens.input", "0"), ("tokens.output", "1"),
    ]  # fmt: skip
    assert [row.meter for row in without.prices] == ["tokens.output"]


def test_what_has_no_price_for_tokens_is_no_chat() -> None:
    container = {"litellm_provider": "openai", "mode": "chat", "code_interpreter_cost_per_session": 0.03}
    embedder = {"litellm_provider": "vercel_ai_gateway", "mode": "chat", "input_cost_per_token": 1e-7}

    assert model({"openai/container": container}, "openai", "container").operations == ()
    assert model({"vercel_ai_gateway/acme/embed-v4": embedder}, "vercel", "acme/embed-v4").operations == ("embed",)
    assert model({"vercel_ai_gateway/acme/talk": embedder}, "vercel", "acme/talk").operations == ("chat",)
