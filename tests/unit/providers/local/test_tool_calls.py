from typing import Any

import msgspec
import pytest

from genmux.contract.local import Pause
from genmux.providers.local.tool_calls import as_call, without_tools
from genmux.types.chat import ChatRequest, FinishReason, Message, Tool, ToolChoice
from genmux.types.content import Text, ToolCall, ToolResult
from genmux.types.join import join
from genmux.types.parts import BlockEnd, BlockStart, Finish, TextDelta

TOWN = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
WEATHER = Tool(name="get_weather", parameters=TOWN)
CLOCK = Tool(name="get_time")


def user(text: str) -> Message:
    return Message(role="user", content=(Text(text),))


def asked(*messages: Message, choice: ToolChoice | None = None) -> ChatRequest:
    return ChatRequest(model="local/smollm2", messages=messages, tools=(WEATHER, CLOCK), tool_choice=choice)


@pytest.mark.parametrize(
    ("text", "choice", "called"),
    [
        ("What is the weather in Rome?", None, WEATHER),
        ("What TIME is it?", ToolChoice("auto"), CLOCK),
        ("Who are you?", None, None),
        ("Sometimes I get lost.", None, None),
        ("Who are you?", ToolChoice("required"), WEATHER),
        ("What time is it?", ToolChoice("required"), CLOCK),
        ("What is the weather?", ToolChoice("tool", name="get_time"), CLOCK),
        ("What is the weather?", ToolChoice("none"), None),
    ],
)
def test_a_tool_is_called_that_is_demanded_or_named(text: str, choice: ToolChoice | None, called: Tool | None) -> None:
    plain, tool = without_tools(asked(user(text), choice=choice))

    assert tool is called
    assert plain.tools == ()
    assert plain.tool_choice is None
    assert (plain.output is None) == (called is None)


def test_the_answer_must_fit_the_parameters_of_the_tool() -> None:
    plain, _ = without_tools(asked(user("The weather in Rome?")))

    assert plain.output is not None
    assert plain.output.kind == "json_schema"
    assert plain.output.schema == TOWN
    assert plain.messages[-1].text == "The weather in Rome? Answer with the town as JSON."


def test_a_tool_of_which_nothing_is_known_takes_nothing() -> None:
    plain, _ = without_tools(asked(user("The time?")))

    assert plain.output is not None
    assert plain.output.schema == {"type": "object", "properties": {}, "additionalProperties": False}


def test_what_a_tool_gave_is_told_in_words_and_no_tool_is_called_for_it() -> None:
    call = Message(role="assistant", content=(ToolCall("c1", "get_weather", '{"town":"Rome"}'),))
    given = Message(role="tool", content=(ToolResult("c1", (Text("sunny."),)),))

    plain, tool = without_tools(asked(user("The weather in Rome?"), call, given, choice=ToolChoice("required")))

    told = "The weather in Rome? The answer of the function get_weather is: sunny. Say it in a sentence."
    assert tool is None
    assert plain.messages == (user(told),)


def test_what_was_said_beside_a_call_is_kept() -> None:
    call = Message(role="assistant", content=(Text("I will look."), ToolCall("c1", "get_weather", "{}")))
    given = Message(role="tool", content=(ToolResult("c1", (Text("sunny"),)),))

    plain, _ = without_tools(asked(call, given))

    assert [one.content for one in plain.messages] == [
        (Text("I will look."),),
        (Text("The answer of the function get_weather is: sunny. Say it in a sentence."),),
    ]


def parts(*pieces: str, finish: Any = "stop") -> Any:
    deltas = [TextDelta(0, piece) for piece in pieces]
    return iter([Pause(0), BlockStart(0, Text("")), *deltas, BlockEnd(0), Finish(FinishReason(finish))])


def test_an_answer_becomes_a_call() -> None:
    told = list(as_call(parts('{\n  "town"\n', ': "Rome"\n}'), WEATHER))

    assert told[0] == Pause(0)
    result = join([part for part in told if not isinstance(part, Pause)])
    (call,) = result.tool_calls
    assert (call.name, msgspec.json.decode(call.arguments)) == ("get_weather", {"town": "Rome"})
    assert "\n" not in call.arguments
    assert call.id
    assert result.finish.unified == "tool_calls"


def test_arguments_that_were_cut_off_stay_as_they_are() -> None:
    told = as_call(parts('{"town": "Ro', finish="length"), WEATHER)

    result = join([part for part in told if not isinstance(part, Pause)])
    assert result.tool_calls[0].arguments == '{"town": "Ro'
    assert result.finish.unified == "length"
