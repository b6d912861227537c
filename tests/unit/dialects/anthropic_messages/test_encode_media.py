"""Pictures, documents and sound in requests."""

import pytest

from genmux.types.content import Audio, Content, Fields, File, Image, Text, ToolResult
from tests.unit.dialects.anthropic_messages.speaking import asking, encoded, saying, warned

PDF = {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}


def block_of(content: Content) -> Fields:
    return encoded(asking(saying("user", content)))["messages"][0]["content"][0]


@pytest.mark.parametrize(
    ("image", "source"),
    [
        (
            Image(base64="iVBORw0=", media_type="image/png"),
            {"type": "base64", "media_type": "image/png", "data": "iVBORw0="},
        ),
        (Image(base64="/9j/4AAQ"), {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}),
        (Image(base64="AAAA"), {"type": "base64", "data": "AAAA"}),
        (Image(url="https://a.example/i.png"), {"type": "url", "url": "https://a.example/i.png"}),
        (Image(url="data:image/gif;base64,R0lG"), {"type": "base64", "media_type": "image/gif", "data": "R0lG"}),
        (Image(file_id="file_1"), {"type": "file", "file_id": "file_1"}),
    ],
)
def test_an_image_has_its_source_in_the_form_it_came(image, source):
    assert block_of(image) == {"type": "image", "source": source}


def test_the_resolution_of_an_image_is_dropped_with_a_warning():
    assert warned(asking(saying("user", Image(file_id="f", detail="low")))) == [
        ("unsupported", "messages.0.content.0.detail")
    ]
    assert warned(asking(saying("user", Image(file_id="f", detail="auto")))) == []


@pytest.mark.parametrize(
    ("file", "source"),
    [
        (File(base64="JVBERi0=", media_type="application/pdf"), PDF),
        (File(base64="JVBERi0="), PDF),
        (File(url="https://a.example/a.pdf"), {"type": "url", "url": "https://a.example/a.pdf"}),
        (File(file_id="file_1"), {"type": "file", "file_id": "file_1"}),
        (File(text="words"), {"type": "text", "media_type": "text/plain", "data": "words"}),
        (
            File(base64="d29yZHM=", media_type="text/markdown"),
            {"type": "text", "media_type": "text/plain", "data": "words"},
        ),
    ],
)
def test_a_document_has_its_source_in_the_form_it_came(file, source):
    assert block_of(file) == {"type": "document", "source": source}


def test_text_that_is_not_readable_goes_as_it_is():
    assert block_of(File(base64="/w==", media_type="text/plain"))["source"]["type"] == "base64"


def test_the_name_of_a_document_is_its_title():
    assert block_of(File(file_id="f", name="a.pdf"))["title"] == "a.pdf"


def test_a_picture_in_a_file_is_an_image():
    block = block_of(File(base64="iVBORw0=", media_type="image/png", name="a.png"))
    assert block["type"] == "image"
    assert "title" not in block


def test_media_without_anything_in_them_are_dropped_with_a_warning():
    request = asking(saying("user", "see", Image(), File()))
    assert encoded(request)["messages"][0]["content"] == [{"type": "text", "text": "see"}]
    assert warned(request) == [("unsupported", "messages.0.content.1"), ("unsupported", "messages.0.content.2")]


def test_sound_is_dropped_with_a_warning_and_its_transcript_is_sent():
    request = asking(saying("user", "hear", Audio(base64="AA=="), Audio(file_id="a", transcript="hello")))
    assert [block["text"] for block in encoded(request)["messages"][0]["content"]] == ["hear", "hello"]
    assert [kind for kind, _ in warned(request)] == ["unsupported", "emulated"]


def test_the_result_of_a_tool_may_hold_media():
    result = ToolResult("a", (Text("see"), Image(file_id="f"), Audio(base64="AA==")))
    assert block_of(result)["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image", "source": {"type": "file", "file_id": "f"}},
    ]


def test_a_tool_that_gave_nothing_back_has_no_content():
    assert block_of(ToolResult("a")) == {"type": "tool_result", "tool_use_id": "a"}
