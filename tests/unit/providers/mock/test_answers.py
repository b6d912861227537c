import jsonschema
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.local import LocalCounter, Pause
from genmux.providers.mock import provider
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.tokens import tokens
from genmux.providers.mock.turn import parts_of, result_of
from genmux.types.chat import FinishReason, Message, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Image, Opaque, Reasoning, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError, NotFoundError
from genmux.types.join import join
from genmux.types.parts import TextDelta
from tests.unit.providers.mock.asking import CLOCK, WEATHER, ask, load, outputs, said

SCHEMA = {
    "type": "object",
    "properties": {"title": {"type": "string"}, "year": {"type": "integer", "minimum": 1900, "maximum": 2000}},
    "required": ["title", "year"],
    "additionalProperties": False,
}
CHAT_MODELS = [
    name for name, spec in provider.manifest.models.items() if not {"embed", "realtime"} & {*spec.operations}
]


def test_echo_says_what_the_user_said_last() -> None:
    result = ask("Good morning, dear model!")
    assert result.text == "Good morning, dear model!"
    assert result.finish == FinishReason("stop")
    assert result.provider == "mock"


@given(st.text(max_size=200))
def test_tokens_joined_are_the_text(text: str) -> None:
    assert "".join(tokens(text)) == text


def test_an_answer_is_streamed_token_by_token() -> None:
    deltas = [part.text for part in outputs("one two three") if isinstance(part, TextDelta)]
    assert deltas == ["one", " two", " three"]


def test_usage_counts_the_tokens_that_were_streamed_and_is_no_estimate() -> None:
    result = ask("one two three")
    assert (result.usage.input, result.usage.output, result.usage.estimated) == (3 + 4, 3, False)


@pytest.mark.parametrize("model", [name for name in CHAT_MODELS if name != "script"])
@pytest.mark.parametrize("choices", [None, 3])
def test_the_joined_stream_is_the_whole_result(model: str, choices: int | None) -> None:
    request = said("Tell me about get_weather", tools=(WEATHER,), n=choices, reasoning=ReasoningConfig(effort="low"))
    turn = load(model).decide(request)
    streamed = join(part for part in parts_of(turn) if not isinstance(part, Pause))
    assert streamed == result_of(turn)


def test_a_story_is_long_and_always_the_same_for_the_same_prompt() -> None:
    first, second = ask("foxes", model="story"), ask("foxes", model="story")
    assert first.text == second.text
    assert first.text.endswith(".")
    assert (first.usage.output or 0) >= 120
    assert ask("owls", model="story").text != first.text


def test_the_seed_changes_made_up_answers() -> None:
    assert ask("x", model="story", options={"seed": "1"}).text != ask("x", model="story", options={"seed": "2"}).text


@pytest.mark.parametrize("model", [name for name in CHAT_MODELS if name != "script"])
def test_every_model_stops_at_max_tokens(model: str) -> None:
    result = ask("a long long long long long prompt with get_weather", model=model, tools=(WEATHER,), max_tokens=4)
    assert result.usage.output == 4
    assert result.finish.unified == "length"


def test_reasoning_that_was_cut_off_has_no_signature() -> None:
    (block,) = ask("think", model="reasoner", max_tokens=3).message.content
    assert isinstance(block, Reasoning)
    assert block.signature is None


def test_arguments_that_were_cut_off_are_no_json() -> None:
    (call,) = ask("x", model="tools", tools=(WEATHER,), max_tokens=3).tool_calls
    with pytest.raises(msgspec.DecodeError):
        _ = call.input


def test_every_model_stops_before_the_first_stop_sequence() -> None:
    result = ask("one two END three STOP", stop=("STOP", "END"))
    assert result.text == "one two "
    assert result.finish == FinishReason("stop", "stop_sequence")


def test_n_asks_for_several_answers() -> None:
    result = ask("pick", model="story", n=3)
    texts = {result.text, *(choice.message.text for choice in result.alternatives)}
    assert len(texts) == 3


@pytest.mark.parametrize("n", [0, 129])
def test_n_has_limits(n: int) -> None:
    with pytest.raises(InvalidRequestError, match="`n` is"):
        ask("x", n=n)


def test_tools_calls_the_first_tool_with_fitting_arguments() -> None:
    result = ask("hello", model="tools", tools=(WEATHER, CLOCK))
    (call,) = result.tool_calls
    assert call.name == "get_weather"
    jsonschema.validate(call.input, WEATHER.parameters or {})
    assert result.finish.unified == "tool_calls"


def test_tools_calls_all_tools_when_parallel_calls_are_asked_for() -> None:
    calls = ask("hello", model="tools", tools=(WEATHER, CLOCK), parallel_tool_calls=True).tool_calls
    assert [call.name for call in calls] == ["get_weather", "get_time"]
    assert len({call.id for call in calls}) == 2


def test_a_directive_says_how_many_calls_are_made() -> None:
    calls = ask("[mock calls=3]", tools=(WEATHER, CLOCK)).tool_calls
    assert [call.name for call in calls] == ["get_weather", "get_time", "get_weather"]
    assert len(ask("[mock calls=3]", tools=(WEATHER,), parallel_tool_calls=False).tool_calls) == 1


@pytest.mark.parametrize("model", [name for name in CHAT_MODELS if name != "script"])
def test_every_model_obeys_tool_choice(model: str) -> None:
    forced = ask("hi", model=model, tools=(WEATHER, CLOCK), tool_choice=ToolChoice("tool", "get_time"))
    assert [call.name for call in forced.tool_calls] == ["get_time"]
    required = ask("hi", model=model, tools=(WEATHER, CLOCK), tool_choice=ToolChoice("required"))
    assert len(required.tool_calls) == 1
    assert not ask("hi", model=model, tools=(WEATHER,), tool_choice=ToolChoice("none")).tool_calls


def test_other_models_call_the_tools_that_the_user_names() -> None:
    assert [call.name for call in ask("please use get_time", tools=(WEATHER, CLOCK)).tool_calls] == ["get_time"]
    assert not ask("hello", tools=(WEATHER, CLOCK)).tool_calls


@pytest.mark.parametrize("choice", [ToolChoice("tool", "nobody"), ToolChoice("required")])
def test_a_demanded_tool_must_be_there(choice: ToolChoice) -> None:
    with pytest.raises(InvalidRequestError, match="which `tools` does not have") as caught:
        ask("hi", tools=(WEATHER,) if choice.name else (), tool_choice=choice)
    assert caught.value.param == "tool_choice"


def test_tools_of_the_provider_are_left_alone() -> None:
    assert ask("hi", model="tools", tools=(Opaque("x", "web_search", {}),)).text == "hi"


def test_a_free_text_tool_gets_free_text() -> None:
    (call,) = ask("print 1", model="tools", tools=(Tool(name="python", kind="custom"),)).tool_calls
    assert (call.arguments, call.kind) == ("print 1", "custom")


def _with_results(*results: ToolResult) -> tuple[Message, ...]:
    calls = (ToolCall("call_1", "get_weather", '{"city":"Oslo"}'), ToolCall("call_2", "get_time"))
    return (
        Message(role="user", content=(Text("Weather?"),)),
        Message(role="assistant", content=calls),
        *(Message(role="tool", content=(result,)) for result in results),
    )


def test_results_of_tools_are_answered_with_and_not_called_for_again() -> None:
    messages = _with_results(
        ToolResult("call_1", (Text("22 C"),)), ToolResult("call_2", (Text("broken"),), is_error=True)
    )
    result = ask("", model="tools", tools=(WEATHER,), messages=messages, tool_choice=ToolChoice("required"))
    assert result.text == "get_weather says: 22 C\nget_time failed with: broken"


def test_a_new_question_after_results_is_a_new_turn() -> None:
    messages = (
        *_with_results(ToolResult("call_1", (Text("22 C"),))),
        Message(role="assistant", content=(Text("22 C"),)),
        Message(role="user", content=(Text("And tomorrow?"),)),
    )
    assert ask("", model="tools", tools=(WEATHER,), messages=messages).tool_calls


def test_ids_of_calls_differ_from_turn_to_turn() -> None:
    first = ask("again", model="tools", tools=(WEATHER,))
    messages = (
        Message(role="user", content=(Text("again"),)),
        first.message,
        Message(role="tool", content=(ToolResult(first.tool_calls[0].id, (Text("ok"),)),)),
        Message(role="assistant", content=(Text("ok"),)),
        Message(role="user", content=(Text("again"),)),
    )
    second = ask("", model="tools", tools=(WEATHER,), messages=messages)
    assert first.tool_calls[0].id != second.tool_calls[0].id


@pytest.mark.parametrize("model", [name for name in CHAT_MODELS if name != "script"])
def test_every_model_writes_a_document_that_fits_the_schema(model: str) -> None:
    result = ask("a book", model=model, output=OutputFormat(kind="json_schema", schema=SCHEMA, name="book"))
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(msgspec.json.decode(result.text))


def test_a_schema_for_which_nothing_fits_is_an_error() -> None:
    with pytest.raises(InvalidRequestError, match="no value can be made"):
        ask("x", output=OutputFormat(kind="json_schema", schema={"type": "integer", "minimum": 1, "maximum": 0}))


def test_json_writes_an_object_without_being_asked() -> None:
    assert msgspec.json.decode(ask("hello", model="json").text) == {"answer": "hello"}


def test_reasoner_thinks_under_a_signature_before_it_answers() -> None:
    thought, answer = ask("hello", model="reasoner").message.content
    assert isinstance(thought, Reasoning)
    assert thought.signature
    assert thought.origin == "mock"
    assert answer == Text("hello")


def test_every_model_thinks_when_it_is_asked_to_and_not_when_it_is_forbidden() -> None:
    asked = ask("hello", reasoning=ReasoningConfig(effort="high", max_tokens=5))
    assert asked.reasoning
    assert asked.usage.reasoning == 5
    assert not ask("hello", model="reasoner", reasoning=ReasoningConfig(enabled=False)).reasoning
    assert not ask("hello", model="reasoner", reasoning=ReasoningConfig(effort="none")).reasoning


def test_a_thought_may_come_back_only_unchanged() -> None:
    first = ask("hello", model="reasoner")
    thought = first.message.content[0]
    again = Message(role="user", content=(Text("and now?"),))
    assert ask("", messages=(first.message, again)).text == "and now?"
    forged = Message(role="assistant", content=(msgspec.structs.replace(thought, text="something else"),))
    with pytest.raises(InvalidRequestError, match="does not belong to the reasoning") as caught:
        ask("", messages=(forged, again))
    assert caught.value.code == "invalid_signature"


def test_signatures_of_others_are_none_of_our_business() -> None:
    message = Message(role="assistant", content=(Reasoning("hm", signature="EqQB", origin="anthropic"),))
    assert ask("", messages=(message, Message(role="user", content=(Text("hi"),)))).text == "hi"


def test_a_prompt_without_text_is_answered_with_nothing() -> None:
    result = ask("", messages=(Message(role="user", content=(Image(url="https://example.com/a.png"),)),))
    assert (result.text, result.usage.input) == ("", 3 + 85)


def test_the_wished_length_is_met_exactly() -> None:
    assert ask("ab cd [mock tokens=5]").text == "ab cd ab cd ab"
    assert ask("[mock tokens=5]").usage.output == 5
    assert ask("x", model="story", options={"tokens": "17"}).usage.output == 17
    assert ask("[mock tokens=0] x").text == ""


def test_the_model_counts_tokens_as_its_usage_tells_them() -> None:
    loaded, request = load(), said("How many tokens are these?", tools=(WEATHER,))
    assert isinstance(loaded, LocalCounter)
    assert loaded.count(request).tokens == loaded.decide(request).usage.input


def test_an_unknown_model_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(NotFoundError, match="mock has no model 'ehco'; it has: echo, priced"):
        load("ehco")


def test_the_manifest_lists_every_behavior_and_the_engine_loads_every_model() -> None:
    for name, spec in provider.manifest.models.items():
        if "realtime" in spec.operations:  # no engine, but played
            continue
        assert load(name).name == name
    assert MockEngine().isolation == "inline"
    assert provider.wires["mock"].isolation == "inline"
