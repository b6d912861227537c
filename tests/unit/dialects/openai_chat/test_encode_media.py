"""Pictures, sound, files and results of tools, as items of the content."""

from typing import Any

import pytest

from genmux.types.content import Audio, File, Image, Opaque, Text, ToolResult
from tests.unit.dialects.openai_chat.speaking import accepted, asking, echoed, encoded, messages_of, saying, warned


def item(block: Any, **options: Any) -> Any:
    return messages_of(saying("user", block), **options)[0]["content"][0]


def test_a_picture_is_a_link_or_its_bytes() -> None:
    assert item(Image(url="u", detail="low")) == {"type": "image_url", "image_url": {"url": "u", "detail": "low"}}
    assert item(Image(base64="QQ==", media_type="image/gif"))["image_url"]["url"] == "data:image/gif;base64,QQ=="
    assert item(Image(base64="QQ=="))["image_url"]["url"] == "data:image/png;base64,QQ=="


def test_sound_is_its_bytes_in_a_named_format_or_a_link() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}}
    assert item(Audio(base64="QQ==", media_type="audio/mpeg")) == sound
    assert item(Audio(base64="QQ==", media_type="audio/x-wav"))["input_audio"]["format"] == "wav"
    assert item(Audio(base64="QQ=="))["input_audio"] == {"data": "QQ=="}
    assert item(Audio(url="u")) == {"type": "audio_url", "audio_url": {"url": "u"}}


def test_a_document_is_a_file() -> None:
    pdf = File(base64="QQ==", media_type="application/pdf", name="a.pdf")
    data = "data:application/pdf;base64,QQ=="
    assert item(pdf) == {"type": "file", "file": {"file_data": data, "filename": "a.pdf"}}
    assert item(File(file_id="f")) == {"type": "file", "file": {"file_id": "f"}}
    assert item(File(url="https://x/a.pdf"))["file"] == {"file_data": "https://x/a.pdf"}
    assert item(File(base64="QQ=="))["file"] == {"file_data": "QQ=="}


def test_a_host_may_want_documents_as_links() -> None:
    pdf = File(url="https://x/a.pdf", name="a")
    linked = {"type": "document_url", "document_url": "https://x/a.pdf", "document_name": "a"}
    assert item(pdf, file_part="document_url") == linked
    assert item(File(file_id="f"), file_part="document_url")["type"] == "file"


def test_a_file_may_be_a_video_or_a_picture() -> None:
    assert item(File(url="u", media_type="video/mp4")) == {"type": "video_url", "video_url": {"url": "u"}}
    assert item(File(url="u", media_type="image/png")) == {"type": "image_url", "image_url": {"url": "u"}}


def test_a_document_of_plain_text_is_sent_as_text() -> None:
    block = File(text="words", name="a.txt")
    (turn,) = messages_of(saying("user", block))
    assert turn["content"] == '<document name="a.txt">\nwords\n</document>'
    assert warned(asking(saying("user", block))) == [("emulated", "messages[0].content[0]")]


@pytest.mark.parametrize("block", [Image(file_id="f"), Audio(), File(), File(media_type="video/mp4")])
def test_what_has_neither_bytes_nor_address_is_dropped_with_a_warning(block: Any) -> None:
    request = asking(saying("user", "x", block))
    assert encoded(request)["messages"][0]["content"] == "x"
    assert warned(request) == [("unsupported", "messages[0].content[1]")]


def test_a_block_that_only_another_dialect_understands_is_dropped_with_a_warning() -> None:
    block = Opaque("anthropic_messages", "server_tool_use", {"type": "server_tool_use"})
    request = asking(saying("assistant", "x", block))
    assert encoded(request)["messages"] == [{"role": "assistant", "content": "x"}]
    assert warned(request) == [("unsupported", "messages[0].content[1]")]


def test_a_block_of_another_origin_is_dropped_with_a_warning() -> None:
    block = Opaque("openai_chat", "x", {"type": "x"}, origin="elsewhere")
    assert warned(asking(saying("user", block))) == [("unsupported", "messages[0].content[0]")]


@pytest.mark.parametrize(
    "part",
    [
        {"type": "image_url", "image_url": {"url": "data:image/png;charset=x;base64,QQ=="}},
        {"type": "image_url", "image_url": {"url": "u", "min_pixels": 3}, "fps": 2},
        {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wave"}},
        {"type": "audio_url", "audio_url": {"url": "u", "x": 1}},
        {"type": "video_url", "video_url": {"url": "data:video/mp4;base64,QQ=="}},
        {"type": "file", "file": {"file_data": "QQ==", "x": 1}},
        {"type": "document_url", "document_url": "data:application/pdf;base64,QQ==", "document_name": "a"},
        {"type": "document_url", "document_url": {"url": "u", "x": 1}},
        {"type": "hologram", "rays": 1},
        {"type": "text", "text": 5},
    ],
)
def test_items_of_a_caller_of_this_dialect_leave_as_they_came(part: dict[str, Any]) -> None:
    assert echoed({"role": "user", "content": [part]})["messages"][0]["content"] == [part]


def test_a_host_that_takes_only_text_gets_one_text() -> None:
    turn = saying("user", "a", Image(url="u"), "b")
    assert messages_of(turn, plain_content=True) == [{"role": "user", "content": "a\n\nb"}]
    assert warned(asking(turn), plain_content=True) == [("unsupported", "messages[0].content[1]")]


def test_media_in_results_of_tools_follow_all_results_in_a_message_of_the_user() -> None:
    first = saying("tool", ToolResult("a", (Text("see"), Image(url="u"))))
    second, third = saying("tool", ToolResult("b", (Text("2"),))), saying("user", "go on")
    picture = {"type": "image_url", "image_url": {"url": "u"}}
    assert messages_of(first, second, third) == [
        {
            "role": "tool",
            "tool_call_id": "a",
            "content": [{"type": "text", "text": "see"}, {"type": "text", "text": "(see the image that follows)"}],
        },
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "user", "content": [picture]},
        {"role": "user", "content": "go on"},
    ]
    assert messages_of(first)[-1] == {"role": "user", "content": [picture]}
    assert warned(asking(first)) == [("emulated", "messages[0].content[0]")]


def test_media_wait_for_all_results_of_a_turn_with_text_of_its_own() -> None:
    turn = saying("user", ToolResult("a", (Image(url="u"),)), "text")
    assert [one["role"] for one in messages_of(turn)] == ["tool", "user", "user"]


def test_media_in_results_are_sent_as_they_are_where_the_host_or_the_caller_knows_them() -> None:
    picture = {"type": "image_url", "image_url": {"url": "u"}}
    result = saying("tool", ToolResult("a", (Image(url="u"),)))
    assert messages_of(result, tool_media=True)[0]["content"] == [picture]
    told = {"role": "tool", "tool_call_id": "a", "content": [picture]}
    assert echoed(told)["messages"] == [told]
    assert messages_of(result, plain_content=True)[0]["content"] == ""


def test_a_document_in_a_result_that_another_dialect_wrote_is_dropped() -> None:
    result = ToolResult("a", (Opaque("anthropic_messages", "search", {}),))
    assert messages_of(saying("tool", result))[0]["content"] == ""


def test_sound_of_an_earlier_turn_is_named_by_its_id() -> None:
    told = {"role": "assistant", "content": None, "audio": {"id": "a1"}}
    assert echoed(told)["messages"] == [told]
    (spoken,) = messages_of(saying("assistant", Audio(transcript="said", media_type="audio/mpeg")))
    assert spoken["content"] == "said"
    assert warned(asking(saying("assistant", Audio()))) == [("unsupported", "messages[0].content[0]")]


def test_pictures_that_a_model_made_go_back_where_they_stood() -> None:
    told = {"role": "assistant", "content": "x", "images": [{"type": "image_url", "image_url": {"url": "u"}}]}
    assert echoed(told)["messages"] == [told]
    odd = accepted({"role": "assistant", "content": "x", "images": ["u"]}).request
    assert encoded(odd)["messages"][0]["images"] == ["u"]
