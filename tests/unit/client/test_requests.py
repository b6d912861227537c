"""Keywords become a request and its options; everything that is wrong with them is known at once."""

from decimal import Decimal
from typing import Any

import pytest

from genmux.client.requests import (
    CHAT_NAMES,
    EMBED_NAMES,
    Asked,
    ask_chat,
    ask_embed,
    configured_options,
    options_of,
    unknown_names,
)
from genmux.flows.call.options import CallOptions
from genmux.services.checks import UNIVERSAL
from genmux.services.settings import Defaults
from genmux.types.chat import ChatRequest, OutputFormat, ReasoningConfig, Tool, ToolChoice
from genmux.types.content import Opaque
from genmux.types.errors import ValidationError

PLAIN = CallOptions()


def chat(**params: Any) -> Asked:
    return ask_chat("hi", params, model=None, options=PLAIN)


def fields(**params: Any) -> dict[str, Any]:
    """What a request has beside the prompt."""
    asked = chat(**params)
    assert asked.faults == ()
    plain = ChatRequest(model="", messages=asked.request.messages)
    return {
        name: value
        for name in ChatRequest.__struct_fields__
        if (value := getattr(asked.request, name)) != getattr(plain, name)
    }


def test_plain_keywords_are_fields_of_the_request() -> None:
    given = {
        "model": "acme/one", "max_tokens": 5, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "seed": 7, "n": 2,
        "frequency_penalty": 0.1, "presence_penalty": 0.2, "logprobs": True, "top_logprobs": 2, "user": "u",
        "service_tier": "flex", "parallel_tool_calls": False,
    }  # fmt: skip

    assert fields(**given) == given


def test_nothing_said_is_nothing_sent() -> None:
    nothing = dict.fromkeys(CHAT_NAMES)

    assert fields(**nothing) == {}
    assert chat(**nothing).options is PLAIN


def test_every_field_of_a_request_can_be_said() -> None:
    said_otherwise = {"messages", "dialect"}

    assert set(ChatRequest.__struct_fields__) - said_otherwise <= CHAT_NAMES
    assert UNIVERSAL.keys() <= CHAT_NAMES | EMBED_NAMES


def test_keywords_may_be_written_in_several_ways() -> None:
    assert fields(stop="a")["stop"] == ("a",)
    assert fields(stop=["a", "b"])["stop"] == ("a", "b")
    assert fields(tool_choice="required")["tool_choice"] == ToolChoice("required")
    assert fields(tool_choice="weather")["tool_choice"] == ToolChoice("tool", "weather")
    assert fields(tool_choice=ToolChoice("none"))["tool_choice"] == ToolChoice("none")
    assert fields(reasoning="low")["reasoning"] == ReasoningConfig(effort="low")
    assert fields(reasoning=500)["reasoning"] == ReasoningConfig(max_tokens=500)
    assert fields(reasoning=False)["reasoning"] == ReasoningConfig(enabled=False)
    assert fields(reasoning=ReasoningConfig(effort="x"))["reasoning"] == ReasoningConfig(effort="x")
    assert fields(metadata={"a": "b"}, extra={"odd": 1}) == {"metadata": {"a": "b"}, "extra": {"odd": 1}}
    own = Opaque("d", "k", {})
    assert fields(tools=[own, {"name": "f"}])["tools"] == (own, Tool(name="f"))


def test_structured_output_comes_with_a_way_to_read_it() -> None:
    asked = chat(output=OutputFormat(kind="json_object"))

    assert asked.request.output == OutputFormat(kind="json_object")
    assert asked.parse is not None
    assert asked.parse('{"a": 1}') == {"a": 1}
    assert chat(output=OutputFormat(kind="text")).parse is None
    assert chat().parse is None


def test_images_and_instructions_become_messages() -> None:
    request = chat(system="be brief", images=["https://x.test/a.png"]).request

    assert [message.role for message in request.messages] == ["system", "user"]
    assert len(request.messages[1].content) == 2


def test_the_default_model_counts_where_none_is_named() -> None:
    def model(name: str | None, **params: Any) -> str:
        return ask_chat("hi", params, model=name, options=PLAIN).request.model

    assert model("acme/one") == "acme/one"
    assert model("acme/one", model="acme/two") == "acme/two"
    assert model(None) == ""


def test_how_a_call_is_made_is_no_part_of_the_request() -> None:
    asked = chat(timeout=5, retries=0, retry_unsure=True, budget_limit="0.05", tags={"a": "b"})

    assert asked.request == chat().request
    assert asked.options == CallOptions(
        timeout=5, retries=0, retry_unsure=True, budget_limit=Decimal("0.05"), tags={"a": "b"}
    )
    assert options_of({"timeout": 1}, CallOptions(retries=3)) == CallOptions(timeout=1, retries=3)
    assert configured_options(Defaults(timeout=9, retries=1, budget_limit=Decimal(1))) == CallOptions(
        timeout=9, retries=1, budget_limit=Decimal(1)
    )


@pytest.mark.parametrize(("given", "amount"), [(0.1, "0.1"), (1, "1"), (Decimal("0.3"), "0.3"), ("0", "0")])
def test_an_amount_may_be_written_in_several_ways(given: Any, amount: str) -> None:
    assert chat(budget_limit=given).options.budget_limit == Decimal(amount)


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"temperatures": 1}, "there is no parameter `temperatures`; did you mean `temperature`?"),
        ({"dimensions": 5}, "there is no parameter `dimensions`; what only one provider knows goes into `extra={…}`"),
        ({"zzz": None}, "there is no parameter `zzz`"),
        ({"model": 5}, "`model` is 5; it must be a name such as"),
        ({"stop": 5}, "`stop` is 5; it must be a text or several"),
        ({"stop": ["a", 5]}, "`stop` is ['a', 5]; it must be a text or several"),
        ({"tool_choice": ""}, "`tool_choice` is ''; it must be 'auto', 'required', 'none'"),
        ({"tool_choice": {}}, "`tool_choice` is {}; it must be"),
        ({"reasoning": 1.5}, "`reasoning` is 1.5; it must be an effort"),
        ({"reasoning": -1}, "`reasoning` is -1; it must be an effort"),
        ({"metadata": 5}, "`metadata` is 5; it must be a dict"),
        ({"extra": "x"}, "`extra` is 'x'; it must be a dict"),
        ({"tools": "weather"}, "`tools` is 'weather'; it must be a list of tools"),
        ({"tools": {"name": "f"}}, "`tools` is {'name': 'f'}; it must be a list of tools"),
        ({"tools": [5]}, "a tool must be a typed function, a `Tool` or a dict; this one is 5"),
        ({"output": "json"}, "`output` is 'json'; it must be a type, a JSON Schema or an `OutputFormat`"),
        ({"images": ["/nowhere.png"]}, "the image '/nowhere.png' cannot be read"),
        ({"timeout": 0}, "`timeout` is 0; it must be seconds above 0"),
        ({"timeout": True}, "`timeout` is True; it must be seconds above 0"),
        ({"timeout": float("inf")}, "`timeout` is inf; it must be seconds above 0"),
        ({"retries": -1}, "`retries` is -1; it must be a whole number from 0"),
        ({"retries": 1.5}, "`retries` is 1.5; it must be a whole number from 0"),
        ({"retry_unsure": 1}, "`retry_unsure` is 1; it must be True or False"),
        ({"budget_limit": "cheap"}, "`budget_limit` is 'cheap'; it must be an amount of US dollars"),
        ({"budget_limit": -1}, "`budget_limit` is -1; it must be an amount of US dollars"),
        ({"budget_limit": float("nan")}, "`budget_limit` is nan; it must be an amount of US dollars"),
        ({"budget_limit": True}, "`budget_limit` is True; it must be an amount of US dollars"),
        ({"tags": "a=b"}, "`tags` is 'a=b'; it must be a dict of texts"),
        ({"tags": {"a": 1}}, "`tags` is {'a': 1}; it must be a dict of texts"),
    ],
)
def test_a_wrong_keyword_is_a_fault_that_says_what_is_right(params: dict[str, Any], said: str) -> None:
    (fault,) = chat(**params).faults

    assert fault.startswith(said)


def test_all_faults_are_known_at_once_and_the_rest_is_read() -> None:
    asked = ask_chat(
        5,
        {"models_": 1, "tools": [5, 6], "stop": 5, "timeout": -1, "temperature": 0.5},
        model="m",
        options=PLAIN,  # type: ignore[arg-type]
    )

    assert len(asked.faults) == 6
    assert (asked.request.model, asked.request.temperature) == ("m", 0.5)
    assert asked.request.messages


def test_inputs_of_embeddings_may_be_one_text_several_or_token_ids() -> None:
    def inputs(given: Any) -> tuple[Any, ...]:
        asked = ask_embed(given, {}, model="m", options=PLAIN)
        assert asked.faults == ()
        return asked.request.inputs

    assert inputs("a") == ("a",)
    assert inputs(["a", "b"]) == ("a", "b")
    assert inputs([[1, 2], "b"]) == ((1, 2), "b")
    assert inputs(iter(["a"])) == ("a",)


@pytest.mark.parametrize("given", [5, [5], [["a"]], None])
def test_what_cannot_be_embedded_is_told(given: Any) -> None:
    (fault,) = ask_embed(given, {}, model=None, options=PLAIN).faults

    assert fault.startswith("`inputs` must be a text, or several texts or lists of token ids")


def test_embeddings_have_their_own_keywords() -> None:
    asked = ask_embed("a", {"dimensions": 5, "user": "u", "extra": {"odd": 1}, "timeout": 5}, model="m", options=PLAIN)

    assert (asked.request.dimensions, asked.request.user, asked.request.extra) == (5, "u", {"odd": 1})
    assert asked.options.timeout == 5
    assert ask_embed("a", {"temperature": 1}, model=None, options=PLAIN).faults[0].startswith("there is no parameter")


def test_wrong_options_and_unknown_names_are_errors_by_themselves() -> None:
    with pytest.raises(ValidationError, match="`timeout` is -1"):
        options_of({"timeout": -1}, PLAIN)
    with pytest.raises(ValidationError, match="did you mean `seed`"):
        unknown_names(["sed"], CHAT_NAMES)
    unknown_names(["seed"], CHAT_NAMES)
    assert configured_options(Defaults()) == PLAIN
