"""Every operation has an estimate: from what is asked, or as a range, or with the word for what is missing."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.contract.manifest import Limits
from genmux.contract.model import Model
from genmux.contract.operations import OPERATIONS
from genmux.contract.params import Param
from genmux.services.estimates import Estimator, evaluate
from genmux.services.estimates.quantities import ESSENTIAL, quantities
from genmux.services.prices import bill
from genmux.services.tokens import TokenCounter
from genmux.types.generation import GenerationRequest, Input
from genmux.types.money import Condition, Estimate, Price
from tests.unit.services.estimates.prices import Prices
from tests.unit.services.shop import model, price

SECONDS = "seconds.output.video"
IMAGE = Input(kind="image", width=1_000, height=1_000)


def row(meter: str, amount: str, when: dict[str, Condition] | None = None, **fields: Any) -> Price:
    return Price(meter=meter, amount=Decimal(amount), when=when or {}, **fields)


def made(
    operation: str,
    *rows: Price,
    by: Model | None = None,
    prompt: str = "",
    inputs: tuple[Input, ...] = (),
    **params: Any,
) -> Estimate:
    request = GenerationRequest(operation=operation, model="acme/one", prompt=prompt, inputs=inputs, params=params)
    return Estimator(Prices(*rows), TokenCounter(), bill).generation(request, by or model())


def amount(operation: str, *rows: Price, **said: Any) -> Decimal | None:
    """What it costs, where that is certain."""
    estimate = made(operation, *rows, **said)
    assert estimate.low == estimate.high
    return estimate.high


VIDEO = (row(SECONDS, "0.1"), row(SECONDS, "0.2", {"resolution": "1080p"}), row(SECONDS, "0.4", {"resolution": "4k"}))


class TestImages:
    def test_each_picture_costs_the_same(self) -> None:
        assert amount("text_to_image", row("images.output", "0.04"), n=3) == Decimal("0.12")

    def test_one_is_made_when_nobody_says_how_many(self) -> None:
        assert amount("text_to_image", row("images.output", "0.04")) == Decimal("0.04")

    def test_pixels_are_rounded_up_for_each_picture(self) -> None:
        megapixel = row("pixels.output", "0.03", per=1_000_000, round_to=1_000_000)

        assert amount("text_to_image", megapixel, size="1200x1024", n=2) == Decimal("0.12")
        assert amount("text_to_image", megapixel, width=1_000, height=1_000) == Decimal("0.03")
        assert made("text_to_image", megapixel).unknown == (
            "how many pixels it will have: give `size`, or `width` and `height`",
        )

    def test_a_resolution_bounds_the_pixels(self) -> None:
        estimate = made("text_to_image", row("pixels.output", "1", per=1_000_000), resolution="1K")

        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < Decimal("1.048576") < estimate.high

    def test_quality_and_size_choose_the_row(self) -> None:
        rows = tuple(
            row("images.output", price, {"quality": quality, "size": size})
            for quality, size, price in (
                ("low", "1024x1024", "0.01"),
                ("high", "1024x1024", "0.1"),
                ("high", "1024x1536", "0.2"),
            )
        )

        assert amount("text_to_image", *rows, quality="HIGH", size="1024×1536") == Decimal("0.2")
        ranged = made("text_to_image", *rows, size="1024x1024")
        assert (ranged.low, ranged.high, ranged.confidence) == (Decimal("0.01"), Decimal("0.1"), "medium")
        auto = made("text_to_image", *rows, quality="auto", size="auto")
        assert (auto.low, auto.high) == (Decimal("0.01"), Decimal("0.2"))

    def test_what_has_no_row_is_unknown_and_the_rows_are_told(self) -> None:
        estimate = made("text_to_image", row("images.output", "0.1", {"quality": "hd"}), quality="medium")

        assert estimate.high is None
        assert estimate.unknown == (
            "the price of images.output for what was asked; there are prices for `quality`: hd",
        )

    def test_tokens_of_a_picture_come_from_the_provider_s_table(self) -> None:
        rows = (price("tokens.input", "5"), price("tokens.output.image", "40"))
        known = made("text_to_image", *rows, by=model(name="gpt-image-1.5"), quality="high", size="1024x1024")
        other = made("text_to_image", *rows, by=model(name="of-our-own"))
        wide = made("text_to_image", *rows, by=model(name="gemini-3-pro-image"), resolution="4K")

        assert known.high == Decimal(4_160) * 40 / 1_000_000
        assert (known.confidence, len(known.assumed)) == ("medium", 1)
        assert other.high == Decimal(16_384) * 40 / 1_000_000
        assert "not published" in other.assumed[0]
        assert wide.high == Decimal(2_000) * 40 / 1_000_000
        assert made("text_to_image", *rows, by=model(name="seedream-5"), size="1024x1024").high == Decimal("0.16384")

    @pytest.mark.parametrize(
        ("size", "quality", "tokens"),
        [
            ("1024x1024", "high", 7_024),
            ("1536x1024", "high", 5_488),
            ("3584x2048", "high", 12_329),
            ("976x704", "low", 129),
        ],
    )
    def test_pictures_of_gpt_image_2_are_within_what_others_have_seen(
        self, size: str, quality: str, tokens: int
    ) -> None:
        rate = Price(meter="tokens.output.image", amount=Decimal(1))
        estimate = made("text_to_image", rate, by=model(name="gpt-image-2"), size=size, quality=quality)

        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low <= tokens <= estimate.high <= 2 * tokens

    def test_a_picture_of_a_kind_that_is_in_no_table_is_unknown(self) -> None:
        rate = Price(meter="tokens.output.image", amount=Decimal(1))
        estimate = made("text_to_image", rate, by=model(name="gemini-3.1-flash-lite-image"), resolution="8k")

        assert estimate.high is None
        assert estimate.unknown == ("how many tokens a picture of that `resolution` has",)

    def test_pictures_of_the_mini_model_have_a_few_tokens_more(self) -> None:
        rate = Price(meter="tokens.output.image", amount=Decimal(1))
        estimate = made("text_to_image", rate, by=model(name="gpt-image-1-mini"), size="1024x1024", quality="low")

        assert (estimate.low, estimate.high) == (272, 672)

    def test_pictures_that_go_in_are_billed(self) -> None:
        rows = (row("images.output", "0.04"), row("images.input", "0.01"))

        assert amount("image_to_image", *rows, inputs=(IMAGE, IMAGE)) == Decimal("0.06")
        assert amount("text_to_image", *rows) == Decimal("0.04")
        assert made("image_to_image", *rows).unknown == ("which pictures go in: give them as inputs",)

    def test_an_upscaled_picture_has_the_pixels_of_its_scale(self) -> None:
        pixels = row("pixels.output", "1", per=1_000_000)

        assert amount("upscale", pixels, inputs=(IMAGE,), scale=2) == 4
        assert made("upscale", pixels, inputs=(Input(kind="image"),), scale=2).high is None

    def test_steps_of_diffusion_are_priced_up_to_a_number(self) -> None:
        rows = (row("images.output", "0.04", {"steps": 30}), row("images.output", "0.08", {"steps": 50}))

        assert made("text_to_image", *rows, steps=40).high == Decimal("0.08")
        assert made("text_to_image", *rows).low == Decimal("0.04")


class TestVideos:
    def test_seconds_times_the_rate_of_the_resolution(self) -> None:
        assert amount("text_to_video", *VIDEO, duration=5, resolution="1080p") == 1
        assert amount("text_to_video", *VIDEO, seconds=5, resolution="720p", n=2) == 1

    def test_a_resolution_has_several_names(self) -> None:
        assert amount("text_to_video", *VIDEO, duration=5, resolution="1080") == 1
        assert amount("text_to_video", *VIDEO, duration=5, resolution="2160P") == 2

    def test_a_size_puts_the_rows_of_other_resolutions_out(self) -> None:
        for said in ({"size": "1920x1080"}, {"width": 1_920, "height": 1_080}, {"size": "1080×1920"}):
            estimate = made("text_to_video", *VIDEO, duration=5, **said)
            assert (estimate.low, estimate.high) == (Decimal("0.5"), 1)  # it may be billed by the plain row
        assert made("text_to_video", *VIDEO, duration=5, size="3840x2160").high == 2

    def test_what_is_not_said_gives_a_range(self) -> None:
        estimate = made("text_to_video", *VIDEO, duration=5)

        assert (estimate.low, estimate.high) == (Decimal("0.5"), 2)

    def test_without_a_length_the_most_is_unknown(self) -> None:
        estimate = made("text_to_video", *VIDEO)

        assert (estimate.low, estimate.high, estimate.lines, estimate.confidence) == (0, None, (), "low")
        assert estimate.unknown == ("how many seconds it will be: give `duration`",)

    def test_the_model_s_own_defaults_choices_and_ranges_fill_in(self) -> None:
        def by(**fields: Any) -> Model:
            return model(params={"duration": Param(type="integer", **fields)})

        second = row(SECONDS, "1")
        assert amount("text_to_video", second, by=by(default=8)) == 8
        chosen = made("text_to_video", second, by=by(choices=(4, 6, 8)))
        assert (chosen.low, chosen.high) == (4, 8)
        ranged = made("text_to_video", second, by=by(min=2, max=10))
        assert (ranged.low, ranged.high) == (2, 10)

    def test_sound_is_a_condition(self) -> None:
        rows = (row(SECONDS, "0.2"), row(SECONDS, "0.4", {"audio": True}))

        assert amount("text_to_video", *rows, duration=1, audio=True) == Decimal("0.4")
        assert amount("text_to_video", *rows, duration=1, generate_audio=False) == Decimal("0.2")

    def test_a_remade_video_is_as_long_as_the_one_that_goes_in(self) -> None:
        rows = (row(SECONDS, "0.1"), row("seconds.input.video", "0.01"))
        video = Input(kind="video", seconds=10)

        assert amount("video_to_video", *rows, inputs=(video,)) == Decimal("1.1")
        assert made("video_to_video", *rows, inputs=(Input(kind="video"),)).high is None

    def test_tokens_of_a_video_follow_its_pixels_and_frames(self) -> None:
        rate = price("tokens.output.video", "1024")
        video = amount("image_to_video", rate, inputs=(IMAGE,), duration=2, fps=24, size="1000x1000")

        assert video == 2 * 24 * Decimal(1_000_000) / 1_000_000 * 1

    def test_a_longer_video_may_have_another_rate(self) -> None:
        rows = (row(SECONDS, "1"), row(SECONDS, "2", {"seconds_gt": 8}))

        assert amount("text_to_video", *rows, duration=8) == 8
        assert amount("text_to_video", *rows, duration=9) == 18

    def test_the_default_of_a_parameter_of_other_operations_says_nothing(self) -> None:
        one = model(params={"duration": Param(type="integer", default=8, operations=("text_to_video",))})
        clip = (Input(kind="video", seconds=5),)
        assert amount("text_to_video", row(SECONDS, "0.1"), by=one) == Decimal("0.8")
        assert amount("video_to_video", row(SECONDS, "0.1"), by=one, inputs=clip) == Decimal("0.5")


class TestSound:
    def test_speech_is_billed_by_the_character(self) -> None:
        assert amount("text_to_speech", row("characters.input", "15", per=1_000_000), prompt="a cat") == Decimal(
            "0.000075"
        )

    def test_speech_that_is_billed_by_its_length_is_bounded_by_the_text(self) -> None:
        estimate = made("text_to_speech", row("seconds.output.audio", "0.6", per=60), prompt="x" * 100)

        assert (estimate.low, estimate.high) == (Decimal("0.04"), Decimal("0.5"))
        assert estimate.assumed

    def test_a_text_of_which_only_the_length_is_known_is_enough(self) -> None:
        text = Input(kind="text", characters=1_000)

        assert amount("text_to_speech", row("characters.input", "1", per=1_000), inputs=(text,)) == 1
        assert amount("text_to_speech", row("characters.input", "1", per=1_000), characters=1_000) == 1
        assert made("text_to_speech", row("characters.input", "1")).high is None

    def test_music_is_billed_by_the_track_or_the_second(self) -> None:
        assert amount("text_to_music", row("tracks.output", "0.08"), prompt="a waltz", n=2) == Decimal("0.16")
        assert amount("text_to_music", row("seconds.output.audio", "0.01"), duration=30) == Decimal("0.3")

    def test_a_transcript_is_billed_by_the_second_with_a_least(self) -> None:
        minute = row("seconds.input.audio", "0.006", per=60, minimum=10)

        assert amount("transcribe", minute, inputs=(Input(kind="audio", seconds=90),)) == Decimal("0.009")
        assert amount("transcribe", minute, inputs=(Input(kind="audio", seconds=3),)) == Decimal("0.001")
        assert amount("transcribe", minute, duration=60) == Decimal("0.006")

    def test_the_length_of_a_sound_is_never_guessed(self) -> None:
        estimate = made("transcribe", row("seconds.input.audio", "0.006", per=60), inputs=(Input(kind="audio"),))

        assert estimate.high is None
        assert estimate.unknown == ("how long the sound is: give the input's `seconds`",)

    def test_a_transcript_is_as_long_as_it_may_be(self) -> None:
        rows = (price("tokens.input.audio", "1"), price("tokens.output", "10"))
        sound = (Input(kind="audio", seconds=100),)
        free, short = made("transcribe", *rows, inputs=sound), made("transcribe", *rows, inputs=sound, max_tokens=5)

        assert free.high == Decimal("0.0032") + Decimal("0.012")
        assert short.high == Decimal("0.0032") + Decimal("0.00005")


class TestSessionsAndRanking:
    def test_a_session_is_billed_by_the_second(self) -> None:
        assert amount("realtime", row("seconds.session", "0.6", per=60), duration=90) == Decimal("0.9")

    def test_what_was_said_is_billed_again_with_every_turn(self) -> None:
        rows = (price("tokens.input.audio", "32"), price("tokens.output.audio", "64"))
        few, many = (made("realtime", *rows, duration=60, turns=turns).high for turns in (1, 10))

        assert few is not None
        assert many is not None
        assert many > few > 0
        assert "billed again" in " ".join(made("realtime", *rows, duration=60).assumed)

    def test_a_ranking_is_billed_by_the_hundred_documents(self) -> None:
        unit = row("calls.rerank", "2", per=1_000)
        texts = (Input(kind="text", source="short"),)

        assert made("rerank", unit, prompt="which?", inputs=texts * 100).high == Decimal("0.002")
        assert made("rerank", unit, prompt="which?", inputs=texts * 101).high == Decimal("0.004")
        long = made("rerank", unit, prompt="which?", inputs=(Input(kind="text", source="x" * 60_000),))
        assert (long.low, long.high) == (Decimal("0.002"), Decimal("0.004"))

    def test_a_ranking_by_tokens_counts_the_question_with_each_document(self) -> None:
        estimate = made(
            "rerank", price("tokens.input", "1"), prompt="ask", inputs=(Input(kind="text", source="a"),) * 2
        )

        assert estimate.lines[0].quantity == (3 + 16) + 2 * (1 + 16) + 2 * 3


class TestCreditsAndTexts:
    def test_credits_need_a_rate(self) -> None:
        rows = (row(SECONDS, "5", credit_type="video"),)
        estimate = made("text_to_video", *rows, duration=4)
        request = GenerationRequest(operation="text_to_video", model="m", params={"duration": 4})
        paid = Estimator(Prices(*rows), TokenCounter(), bill).generation(
            request, model(), rates={"video": Decimal("0.01")}
        )

        assert (estimate.high, estimate.credits["video"].low, estimate.credits["video"].high) == (None, 20, 20)
        assert estimate.unknown == ("what a credit of type 'video' costs the account",)
        assert (paid.high, paid.lines[0].amount, paid.credits) == (Decimal("0.2"), Decimal("0.2"), {})

    def test_a_chat_and_embeddings_are_what_they_always_are(self) -> None:
        rows = (price("tokens.input", "3"), price("tokens.output", "15"))
        chat = made(
            "chat", *rows, prompt="hello", inputs=(Input(kind="image", source="https://x.example/a.png"),), max_tokens=9
        )
        heard = made("chat", *rows, prompt="hello", inputs=(Input(kind="audio"),), max_tokens=9)
        embedded = made("embed", *rows, prompt="hello", inputs=(Input(kind="text", source="you"),))

        assert chat.lines[0].quantity > 50_000
        assert heard.high is None
        assert made(
            "chat", *rows, inputs=(Input(kind="audio"),), max_tokens=9, by=model(limits=Limits(context_tokens=100))
        ).high
        assert embedded.lines[0].quantity == (5 + 16) + (3 + 16)

    def test_an_unknown_price_is_unknown_and_never_zero(self) -> None:
        for operation in OPERATIONS:
            estimate = made(operation, prompt="x")
            assert (estimate.low, estimate.high) == (None, None)
            assert estimate.unknown == ("the price of acme/one",)

    def test_a_price_for_something_else_is_no_price(self) -> None:
        estimate = made("text_to_music", row("images.output", "0.1"), prompt="x")

        assert (estimate.low, estimate.high) == (None, None)
        assert estimate.unknown == ("the price of seconds.output.audio, which has prices for images.output",)

    def test_a_tier_is_priced_only_when_it_is_asked_for(self) -> None:
        rows = (row("images.output", "4"), row("images.output", "9", {"service_tier": "priority"}))

        assert amount("text_to_image", *rows) == 4
        assert amount("text_to_image", *rows, service_tier="priority") == 9
        assert amount("text_to_image", row("images.output", "3", {"region": "eu"})) == 3


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_knows_what_it_uses_and_what_it_cannot_do_without(operation: str) -> None:
    finest = quantities(operation, "acme/one")

    assert ESSENTIAL[operation]
    for group in ESSENTIAL[operation]:
        assert {*group} <= {*finest}
        meter = group[0]
        expression = Estimator(Prices(row(meter, "1")), TokenCounter(), bill).expression(model(), operation)
        assert [item.meter for item in expression.items] == [meter]


def test_a_model_without_a_price_has_an_expression_that_says_so() -> None:
    expression = Estimator(Prices(), TokenCounter(), bill).expression(model(), "text_to_image")

    assert evaluate(expression, {"n": 1}).unknown == ("the price of acme/one",)
