"""Whatever a caller writes as a prompt becomes messages, or is refused with the place where it is wrong."""

import base64
from pathlib import Path
from typing import Any

import pytest

from genmux.client.prompts import image_of, messages_of, with_images
from genmux.types.chat import Message
from genmux.types.content import Audio, File, Image, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError

PNG = b"\x89PNG\r\n\x1a\n..."
USER = Message(role="user", content=(Text("hi"),))


def fault(prompt: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        messages_of(prompt)
    return caught.value


def test_a_text_is_what_the_user_says() -> None:
    assert messages_of("hi") == (USER,)


def test_instructions_come_first() -> None:
    system = Message(role="system", content=(Text("be brief"),))

    assert messages_of("hi", system="be brief") == (system, USER)
    assert messages_of([USER], system="be brief") == (system, USER)


def test_messages_dicts_and_texts_may_be_mixed() -> None:
    said = messages_of(["hi", USER, {"role": "assistant", "content": "yes"}])

    assert [message.role for message in said] == ["user", "user", "assistant"]
    assert said[2].text == "yes"
    assert messages_of(USER) == (USER,)
    assert messages_of({"role": "user", "content": "hi"})[0].text == "hi"


def test_dicts_are_understood_as_openai_writes_them() -> None:
    said = messages_of(
        [
            {"role": "developer", "content": "be brief"},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "what is this?"},
                    {"type": "image_url", "image_url": {"url": "https://x.test/a.png", "detail": "low"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
        ]
    )

    assert [message.role for message in said] == ["developer", "user", "assistant", "tool"]
    assert said[1].content == (Text("what is this?"), Image(url="https://x.test/a.png", detail="low"))
    assert said[2].tool_calls == (ToolCall("c1", "look", "{}"),)
    assert said[3].content == (ToolResult("c1", (Text("a cat"),)),)


def test_a_generator_of_messages_is_read_once() -> None:
    assert len(messages_of(message for message in (USER, USER))) == 2  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        (5, "the prompt must be a text, a message, or several of them; it is int"),
        (b"hi", "the prompt must be a text, a message, or several of them; it is bytes"),
        (["hi", 5], "`messages[1]` must be a text, a `Message` or a dict; it is int"),
        ([{"role": "user", "content": object()}], "the message dicts are no JSON"),
        ([{"role": "poet", "content": "a"}], "messages[0]"),
        (["hi", {"role": "poet", "content": "a"}], "messages[1]"),
        ([{"role": "user", "content": "a"}, {"role": "user", "content": 5}], "messages[1]"),
    ],
)
def test_what_is_no_prompt_is_told_with_its_place(prompt: Any, said: str) -> None:
    assert said in fault(prompt).message


# ---- images


def test_an_image_may_be_an_address_a_path_bytes_or_a_data_uri(tmp_path: Path) -> None:
    file = tmp_path / "cat.png"
    file.write_bytes(PNG)
    carried = Image(base64=base64.b64encode(PNG).decode(), media_type="image/png")

    assert image_of("https://x.test/a.png") == Image(url="https://x.test/a.png")
    assert image_of(PNG) == carried
    assert image_of(file) == carried
    assert image_of(str(file)) == carried
    assert image_of("data:image/png;base64,AAAA") == Image(base64="AAAA", media_type="image/png")


@pytest.mark.parametrize("given", [Image(url="u"), File(url="u"), Audio(url="u")])
def test_content_is_taken_as_it_is(given: Any) -> None:
    assert image_of(given) is given


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF....WEBPVP8 ", "image/webp"),
    ],
)
def test_the_kind_of_a_picture_is_told_by_its_bytes(data: bytes, kind: str) -> None:
    assert image_of(data) == Image.from_bytes(data, kind)


def test_the_name_of_a_file_tells_what_its_bytes_do_not(tmp_path: Path) -> None:
    drawing = tmp_path / "a.svg"
    drawing.write_text("<svg/>")
    misnamed = tmp_path / "b.svg"
    misnamed.write_bytes(PNG)

    assert isinstance(found := image_of(drawing), Image)
    assert found.media_type == "image/svg+xml"
    assert image_of(misnamed) == Image.from_bytes(PNG, "image/png")


@pytest.mark.parametrize(
    ("image", "said"),
    [
        ("/nowhere/a.png", "the image '/nowhere/a.png' cannot be read: No such file"),
        (b"RIFF....WAVE", "the image is neither PNG, JPEG, GIF nor WebP"),
        (b"text", "for another kind give an `Image` with its media type"),
        ("data:image/png,abc", "must have the form data:image/png;base64,…"),
        ("data:image/png;base64", "must have the form data:image/png;base64,…"),
        (5, "an image must be an `Image`, a URL, a path or bytes; it is int"),
    ],
)
def test_what_is_no_image_is_told(image: Any, said: str) -> None:
    with pytest.raises(InvalidRequestError) as caught:
        image_of(image)
    assert said in caught.value.message
    assert caught.value.param == "images"


def test_a_file_that_is_no_image_is_named(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("text")

    with pytest.raises(InvalidRequestError, match=r"the file '.*a\.txt' is neither PNG"):
        image_of(file)


def test_images_belong_to_the_last_thing_that_the_user_said() -> None:
    answer = Message(role="assistant", content=(Text("yes"),))
    shown = with_images((USER, USER, answer), [PNG])

    assert [len(message.content) for message in shown] == [1, 2, 1]
    assert [message.role for message in with_images((answer,), [PNG])] == ["assistant", "user"]
