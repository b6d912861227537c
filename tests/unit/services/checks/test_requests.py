"""A request either fits its model, or everything that does not is said at once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.manifest import Limits
from genmux.contract.params import Param
from genmux.services.checks import UNIVERSAL, faults, fit, general_faults
from genmux.types.chat import ChatRequest, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Audio, File, Image, Opaque, Text, ToolResult
from genmux.types.embed import EmbedRequest
from tests.unit.services.shop import asked, model

WEATHER = Tool(name="weather")
STRICT = model(
    limits=Limits(max_output_tokens=100),
    params={
        "temperature": Param(type="number", min=0, max=1),
        "top_p": Param(type="number", supported=False),
        "service_tier": Param(type="string", choices=("flex", "default")),
        "n": Param(type="integer", choices=(1, 2)),
    },
)
PLAIN = model(
    support=dict.fromkeys(
        (
            "tools", "reasoning", "vision", "audio_input", "documents", "multiple_choices", "stop_sequences", "seed",
            "logprobs", "dimensions",
        ),
        "no",
    )
)  # fmt: skip


def test_a_fitting_request_has_no_faults() -> None:
    request = asked(
        temperature=0.5, max_tokens=100, tools=(WEATHER,), tool_choice=ToolChoice("auto"), stop=("a",), seed=1
    )

    assert faults(request, STRICT) == ()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"temperature": 1.5}, "`temperature` is 1.5; the range is 0 to 1 (acme/one)"),
        ({"temperature": "hot"}, "`temperature` is 'hot'; it must be of type number (acme/one)"),
        ({"top_p": 0.5}, "`top_p` is not accepted by this model; leave it out (acme/one)"),
        ({"service_tier": "gold"}, "`service_tier` is 'gold'; it must be one of 'flex', 'default' (acme/one)"),
        ({"max_tokens": 101}, "`max_tokens` is 101; the range is 1 to 100 (acme/one)"),
        ({"max_tokens": 0}, "`max_tokens` is 0; the range is 1 to 100 (acme/one)"),
        ({"top_k": -1}, "`top_k` is -1; the range is 0 to no upper limit"),
        ({"seed": "x"}, "`seed` is 'x'; it must be of type integer"),
        ({"logprobs": 1}, "`logprobs` is 1; it must be of type boolean"),
        ({"user": 5}, "`user` is 5; it must be of type string"),
        ({"metadata": "x"}, "`metadata` is 'x'; it must be of type object"),
        ({"presence_penalty": 3}, "`presence_penalty` is 3; the range is -2 to 2"),
        ({"tool_choice": ToolChoice("required")}, "`tool_choice` is 'required', but there are no `tools`"),
        ({"tool_choice": ToolChoice("tool", "x")}, "`tool_choice` is 'x', but there are no `tools`"),
        (
            {"tool_choice": ToolChoice("tool", "x"), "tools": (WEATHER,)},
            "`tool_choice` is 'x'; the tools are weather",
        ),
    ],
)
def test_what_does_not_fit_is_said(fields: dict[str, Any], said: str) -> None:
    assert faults(asked(**fields), STRICT) == (said,)


def test_a_large_limit_is_shown_to_the_last_digit() -> None:
    large = model(limits=Limits(max_output_tokens=1_048_576))

    assert faults(asked(max_tokens=2_000_000), large) == (
        "`max_tokens` is 2000000; the range is 1 to 1048576 (acme/one)",
    )


def test_the_narrower_of_two_limits_counts() -> None:
    both = model(limits=Limits(max_output_tokens=100), params={"max_tokens": Param(type="integer", max=10)})

    assert faults(asked(max_tokens=11), both) == ("`max_tokens` is 11; the range is no lower limit to 10 (acme/one)",)


def test_ever_new_models_are_checked_by_their_own_limits() -> None:
    for number in range(1, 3_000):
        small = model(limits=Limits(max_output_tokens=number))
        assert faults(asked(max_tokens=number), small) == ()
        assert len(faults(asked(max_tokens=number + 1), small)) == 1


def test_a_provider_s_own_tool_may_be_chosen_by_a_name_that_we_cannot_see() -> None:
    own = Opaque("anthropic_messages", "web_search", {"name": "search"})

    assert faults(asked(tools=(own,), tool_choice=ToolChoice("tool", "search")), STRICT) == ()


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (asked(tools=(WEATHER,)), "`tools` needs the feature 'tools', which acme/one does not have"),
        (asked(reasoning=ReasoningConfig(effort="low")), "`reasoning` needs the feature 'reasoning'"),
        (asked("a", Image(url="u")), "`messages` needs the feature 'vision'"),
        (asked(ToolResult("c", (Text("a"), Image(url="u")))), "`messages` needs the feature 'vision'"),
        (asked(Audio(url="u")), "`messages` needs the feature 'audio_input'"),
        (asked(File(url="u")), "`messages` needs the feature 'documents'"),
        (asked(n=2), "`n` needs the feature 'multiple_choices'"),
        (asked(stop=("x",)), "`stop` needs the feature 'stop_sequences'"),
        (asked(seed=1), "`seed` needs the feature 'seed'"),
        (asked(logprobs=True), "`logprobs` needs the feature 'logprobs'"),
        (EmbedRequest(model="acme/one", inputs=("a",), dimensions=5), "`dimensions` cannot be chosen for acme/one"),
    ],
)
def test_what_needs_a_feature_that_is_not_there_is_said(request_: ChatRequest | EmbedRequest, said: str) -> None:
    (fault,) = faults(request_, PLAIN)

    assert fault.startswith(said)
    assert faults(request_, model()) == ()


def test_what_asks_for_nothing_needs_nothing() -> None:
    request = asked(reasoning=ReasoningConfig(enabled=False), n=1, logprobs=False)

    assert faults(request, PLAIN) == ()


def test_an_empty_request_is_told() -> None:
    empty = ChatRequest(model="acme/one", messages=())

    assert faults(empty, STRICT) == ("`messages` is empty; give at least one message",)
    assert faults(EmbedRequest(model="m", inputs=()), model()) == ("`inputs` is empty; give at least one text",)


def test_all_faults_are_told_at_once() -> None:
    request = asked(temperature=9, top_p=1, n=3, max_tokens=-1, tool_choice=ToolChoice("required"))

    assert len(faults(request, STRICT)) == 5


def test_what_is_wrong_for_any_model_needs_no_model() -> None:
    request = ChatRequest(model="?", messages=(), temperature=9, top_p=1)

    assert general_faults(request) == (
        "`temperature` is 9; the range is 0 to 2",
        "`messages` is empty; give at least one message",
    )


def test_a_request_is_made_to_fit_and_every_change_is_told() -> None:
    fitted, warnings = fit(asked(temperature=9, top_p=0.5, max_tokens=500, stop=("x",)), STRICT)

    assert (fitted.temperature, fitted.top_p, fitted.max_tokens, fitted.stop) == (None, None, None, ("x",))
    assert [(warning.kind, warning.field) for warning in warnings] == [
        ("unsupported", "max_tokens"),
        ("unsupported", "temperature"),
        ("unsupported", "top_p"),
    ]
    assert str(warnings[1]) == "unsupported: `temperature`: `temperature` is 9; the range is 0 to 1; it was left out"


def test_numbers_are_pulled_into_their_range_only_where_that_is_asked_for() -> None:
    fitted, warnings = fit(asked(temperature=9, top_p=0.5, max_tokens=500, n=7), STRICT, clamp=True)

    assert (fitted.temperature, fitted.top_p, fitted.max_tokens, fitted.n) == (1, None, 100, None)
    assert [(warning.kind, warning.field) for warning in warnings] == [
        ("clamped", "max_tokens"),
        ("clamped", "temperature"),
        ("unsupported", "top_p"),
        ("unsupported", "n"),
    ]


def test_what_needs_a_feature_is_left_out_but_never_what_the_question_is_about() -> None:
    request = asked(Image(url="u"), reasoning=ReasoningConfig(effort="low"), seed=1, stop=("x",), tools=(WEATHER,))

    fitted, warnings = fit(request, PLAIN)

    assert (fitted.reasoning, fitted.seed, fitted.stop) == (None, None, ())
    assert (fitted.tools, fitted.messages) == (request.tools, request.messages)
    assert [warning.field for warning in warnings] == ["reasoning", "stop", "seed"]
    assert [fault.split("`")[1] for fault in faults(fitted, PLAIN)] == ["tools", "messages"]


def test_a_fitting_request_is_left_as_it_is() -> None:
    request = asked(temperature=0.5)

    assert fit(request, STRICT) == (request, ())
    assert fit(request, STRICT)[0] is request


VALUES = st.one_of(st.none(), st.integers(-10, 1000), st.floats(-3, 3), st.booleans(), st.text(max_size=3))


@given(st.dictionaries(st.sampled_from(sorted(set(UNIVERSAL) - {"dimensions", "stop"})), VALUES), st.booleans())
def test_what_was_made_to_fit_fits(fields: dict[str, Any], clamp: bool) -> None:
    fitted, warnings = fit(asked(**fields), STRICT, clamp=clamp)

    assert faults(fitted, STRICT) == ()
    changed = {name for name, value in fields.items() if repr(getattr(fitted, name)) != repr(value)}
    assert changed == {warning.field for warning in warnings}


@given(st.lists(st.dictionaries(st.sampled_from(sorted(set(UNIVERSAL) - {"dimensions"})), VALUES), max_size=4))
def test_what_was_asked_before_changes_nothing(many: list[dict[str, Any]]) -> None:
    for fields in many:
        fresh = model(limits=STRICT.limits, params=STRICT.spec.params)
        assert faults(asked(**fields), STRICT) == faults(asked(**fields), fresh)


def test_a_value_that_only_equals_one_that_fitted_is_looked_at() -> None:
    assert faults(asked(seed=1), STRICT) == ()
    assert faults(asked(seed=True), STRICT) == ("`seed` is True; it must be of type integer",)
