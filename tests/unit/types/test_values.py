"""Messages, media, tool calls, usage and money say what they hold."""

import datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from genmux.types.chat import ChatRequest, ChatResult, FinishReason, Message
from genmux.types.content import Content, File, Image, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.events import Event
from genmux.types.health import Health
from genmux.types.money import Cost, Estimate, Line, Price, TokenCount
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning

CALL = ToolCall("c1", "weather", '{"city": "Rome"}')
MESSAGE = Message(
    role="assistant",
    content=(Reasoning("think "), Text("He"), Image(url="u"), Text("llo"), CALL, Reasoning("more"), Refusal("no")),
)


def test_a_message_tells_its_parts() -> None:
    assert MESSAGE.text == "Hello"
    assert MESSAGE.reasoning == "think more"
    assert MESSAGE.tool_calls == (CALL,)
    assert MESSAGE.refusal == "no"
    assert Message(role="user").refusal is None


def test_a_result_tells_what_its_message_tells() -> None:
    result = ChatResult(message=MESSAGE, finish=FinishReason("stop"))

    assert (result.text, result.reasoning, result.tool_calls) == ("Hello", "think more", (CALL,))
    assert result.cost is None


@pytest.mark.parametrize(("arguments", "read"), [('{"a": 1}', {"a": 1}), ("", {}), ("  ", {})])
def test_the_arguments_of_a_tool_call_are_read(arguments: str, read: dict[str, int]) -> None:
    assert ToolCall("c", "f", arguments).input == read


@pytest.mark.parametrize("arguments", ['{"a": ', "[1]", '"x"'])
def test_arguments_that_are_no_object_are_an_error(arguments: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        _ = ToolCall("c", "f", arguments).input


def test_a_tool_result_tells_its_text() -> None:
    assert ToolResult("c", (Text("a"), Image(url="u"), Text("b"))).text == "ab"


def test_bytes_are_carried_as_base64() -> None:
    image = Image.from_bytes(b"\x89PNG", "image/png")

    assert isinstance(image, Image)
    assert image.data == b"\x89PNG"
    assert image.data_uri == "data:image/png;base64,iVBORw=="


def test_media_that_is_only_named_has_no_bytes() -> None:
    assert Image(url="u").data is None
    assert Image(url="u").data_uri is None


def test_bytes_of_an_unknown_type_are_still_a_data_uri() -> None:
    assert File(base64="AA==").data_uri == "data:application/octet-stream;base64,AA=="


@pytest.mark.parametrize(
    ("name", "media_type"), [("a.pdf", "application/pdf"), ("a.unheard", "application/octet-stream")]
)
def test_a_files_name_tells_its_type(tmp_path: Path, name: str, media_type: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"x")

    file = File.from_path(path)
    assert (file.data, file.media_type) == (b"x", media_type)


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        File.from_path(tmp_path / "absent.pdf")


def test_usage_counts_by_meter() -> None:
    usage = Usage(
        meters={"tokens.input": 10, "tokens.input.cached": 4, "tokens.output": 5.0, "tokens.output.reasoning": 2}
    )

    assert (usage.input, usage.output, usage.cached, usage.reasoning, usage.total) == (10, 5, 4, 2, 15)
    assert usage.count("seconds.output.video") is None


def test_unknown_usage_is_none_and_never_zero() -> None:
    assert (Usage().input, Usage().output, Usage().cached, Usage().reasoning, Usage().total) == (None,) * 5
    assert Usage(meters={"tokens.output": 3}).total == 3


def test_a_warning_reads_as_one_line() -> None:
    assert str(Warning("clamped", "n", "3 became 1")) == "clamped: `n`: 3 became 1"


@pytest.mark.parametrize(
    "value",
    [
        MESSAGE,
        ChatRequest(model="m", messages=(MESSAGE,), extra={"a": [1]}),
        ChatResult(message=MESSAGE, finish=FinishReason("stop", "end"), usage=Usage(reported_cost=Decimal("0.1"))),
        EmbedRequest(model="m", inputs=("a", (1, 2))),
        EmbedResult(vectors=((0.5, 1.0),)),
        Event(type="t", time=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), id="i"),
        Health(provider="p", status="available", latency=0.1),
        Price(meter="tokens.input", amount=Decimal("0.30"), per=1_000_000, when={"tier": "flex"}),
        Cost(amount=Decimal("0.1"), lines=(Line(meter="m", quantity=1, amount=Decimal("0.1")),)),
        Estimate(low=None, high=None, unknown=("price",)),
        TokenCount(3, exact=False, method="characters"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_value_survives_being_written_as_json(value: msgspec.Struct) -> None:
    assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


def test_every_kind_of_content_is_told_apart_by_its_tag() -> None:
    blocks = (*MESSAGE.content, ToolResult("c"), File(file_id="f"))

    assert msgspec.json.decode(msgspec.json.encode(blocks), type=tuple[Content, ...]) == blocks


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        MESSAGE.name = "x"  # pyright: ignore[reportAttributeAccessIssue]
