from pathlib import Path

import pytest

from genmux.contract.local import Pause
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.script import Fault, Reply, Rule, Script, ScriptedCall, When, read_script
from genmux.types.chat import FinishReason, Message
from genmux.types.content import Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import ConfigurationError, InvalidRequestError, OverloadedError, RateLimitError
from genmux.types.join import join
from genmux.types.parts import TextDelta
from tests.unit.providers.mock.asking import ask, load, outputs, played, said

TOML = """
latency = 0.5

[[rules]]
when = { contains = "weather", turn = 1 }
times = 1
fault = { name = "overloaded", retry_after = 2 }

[[rules]]
when = { contains = "weather" }

[rules.reply]
text = "It rains."
reasoning = "I look out of the window."
usage = { "tokens.input.cached" = 12 }
pace = 0.25

[[rules.reply.tool_calls]]
name = "open_umbrella"
arguments = { size = 2 }
"""


def play(script: Script, text: str, **fields: object) -> object:
    return ask(text, model="script", options={"script": script.as_option()}, **fields)


def test_a_script_is_read_from_toml(tmp_path: Path) -> None:
    file = tmp_path / "script.toml"
    file.write_text(TOML)
    model = load("script", options={"script": str(file)})
    with pytest.raises(OverloadedError) as caught:
        [*model.run(said("weather?"))]
    assert caught.value.retry_after == 2
    parts = [*model.run(said("weather?"))]
    result = join(part for part in parts if not isinstance(part, Pause))
    thought, text, call = result.message.content
    assert isinstance(thought, Reasoning)
    assert text == Text("It rains.")
    assert isinstance(call, ToolCall)
    assert call.input == {"size": 2}
    assert result.finish.unified == "tool_calls"
    assert result.usage.cached == 12
    pauses = [part.seconds for part in parts if isinstance(part, Pause)]
    assert pauses[0] == 0.5
    assert set(pauses[1:]) == {0.25}


def test_a_script_is_read_from_json_and_from_json_text(tmp_path: Path) -> None:
    script = Script(rules=(Rule(reply=Reply(text="hi")),))
    file = tmp_path / "script.json"
    file.write_text(script.as_option())
    assert read_script(file) == read_script(script.as_option()) == read_script(script) == script


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[rules]]\nwhen = { text = 1 }", "when.text: Object contains unknown field `text`"),
        ("[[rules]]\nwhen = { turn = 1 }", "rule 1 has neither `reply` nor `fault`"),
        ("[[rules]]\nfault = 'server'\nwhen = { regex = '(' }", "rule 1: `regex` is '('"),
        ("latency = -1", "latency"),
        ("latency = ", "script.toml: Invalid value"),
        ('{"rules": 1}', "Expected `array`"),
        ("{", "truncated"),
    ],
)
def test_a_wrong_script_is_an_error_that_says_where(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "script.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_script(file)
    assert words in str(caught.value)


def test_a_script_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml cannot be read"):
        load("script", options={"script": "nowhere.toml"})


def test_rules_are_chosen_by_model_text_pattern_and_turn() -> None:
    script = Script(
        rules=(
            Rule(when=When(model="other"), reply=Reply(text="other model")),
            Rule(when=When(contains="red"), reply=Reply(text="contains")),
            Rule(when=When(regex=r"^\d+$"), reply=Reply(text="regex")),
            Rule(when=When(turn=2), reply=Reply(text="turn")),
            Rule(reply=Reply(text="else")),
        )
    )
    options = {"script": script.as_option()}
    assert ask("red", options=options).text == "contains"
    assert ask("123", options=options).text == "regex"
    assert ask("what", options=options).text == "else"
    assert ask("red", model="other", options=options).text == "other model"
    messages = (
        Message(role="user", content=(Text("a"),)),
        Message(role="assistant", content=(Text("b"),)),
        Message(role="user", content=(ToolResult("x", (Text("not a turn"),)),)),
        Message(role="user", content=(Text("c"),)),
    )
    assert ask("", messages=messages, options=options).text == "turn"


def test_a_rule_without_an_answer_of_its_own_lets_other_models_answer_as_ever() -> None:
    script = Script(rules=(Rule(when=When(contains="xyz"), reply=Reply(text="?")),))
    assert ask("hello", options={"script": script.as_option()}).text == "hello"


def test_the_model_script_answers_nothing_but_the_script() -> None:
    script = Script(rules=(Rule(when=When(contains="xyz"), reply=Reply(text="?")),))
    with pytest.raises(InvalidRequestError, match="no rule of the script fits the text 'hello'"):
        play(script, "hello")
    with pytest.raises(ConfigurationError, match="give one with the option `script`"):
        ask("hello", model="script")


def test_a_fault_can_break_off_a_scripted_reply() -> None:
    script = Script(rules=(Rule(reply=Reply(text="one two three four"), fault=Fault(name="rate_limit", after=2)),))
    seen, error = played(load("script", options={"script": script.as_option()}).run(said("go")))
    assert isinstance(error, RateLimitError)
    assert [part.text for part in seen if isinstance(part, TextDelta)] == ["one", " two"]


def test_a_reply_may_be_a_refusal_or_a_broken_call_or_end_for_any_reason() -> None:
    refused = play(Script(rules=(Rule(reply=Reply(refusal="I will not.")),)), "go")
    assert refused.message.content == (Refusal("I will not."),)
    assert refused.finish.unified == "refusal"
    broken = play(Script(rules=(Rule(reply=Reply(tool_calls=(ScriptedCall(name="f", arguments='{"a'),))),)), "go")
    assert broken.tool_calls[0].arguments == '{"a'
    odd = play(Script(rules=(Rule(reply=Reply(text="x", finish="content_filter", finish_raw="SAFETY")),)), "go", n=2)
    assert odd.finish == FinishReason("content_filter", "SAFETY")
    assert len(odd.alternatives) == 1


def test_limits_of_the_request_hold_for_scripted_replies() -> None:
    script = Script(rules=(Rule(reply=Reply(text="one two three four")),))
    assert play(script, "go", max_tokens=2).text == "one two"
    assert play(script, "go", stop=(" three",)).text == "one two"


def test_options_win_over_the_script_and_the_reply_over_the_options() -> None:
    script = Script(latency=9, rules=(Rule(when=When(contains="now"), reply=Reply(text="x", latency=1)),))
    options = {"script": script.as_option(), "latency": "3"}
    assert outputs("now", options=options)[0] == Pause(1)
    assert outputs("later", options=options)[0] == Pause(3)
    assert outputs("later", options={"script": script.as_option()})[0] == Pause(9)


def test_rules_are_used_up_for_each_loaded_model_alone() -> None:
    script = Script(rules=(Rule(reply=Reply(text="once"), times=1), Rule(reply=Reply(text="ever after"))))
    engine = MockEngine()
    for _ in range(2):
        model = load("script", options={"script": script.as_option()}, engine=engine)
        texts = [join(model.run(said("go"))).text for _ in range(3)]
        assert texts == ["once", "ever after", "ever after"]
