"""`genmux chat`, asked by people and by programs."""

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run

PIXEL = bytes.fromhex("89504e470d0a1a0a")


def script(folder: Path, text: str) -> str:
    path = folder / "script.toml"
    path.write_text(text, "utf-8")
    return str(path)


def test_an_answer_goes_to_standard_output_and_nothing_else(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "Hello", "there")

    assert (ended.code, ended.out, ended.err) == (0, "Hello there\n", "")


def test_a_whole_answer_reads_like_a_streamed_one(run: Run) -> None:
    assert run("chat", "-m", "mock/echo", "Hello", "--no-stream").out == "Hello\n"


def test_what_is_piped_in_comes_after_the_prompt(run: Run) -> None:
    assert run("chat", "-m", "mock/echo", "Sum up:", typed="a long text").out == "Sum up:\n\na long text\n"
    assert run("chat", "-m", "mock/echo", typed="only this").out == "only this\n"


def test_a_terminal_sees_tokens_and_cost(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "Hello", terminal=True)

    assert ended.out == "Hello\n"
    assert "1 out · $0 · stop" in ended.err


def test_json_is_one_document(run: Run) -> None:
    result = json.loads(run("chat", "-m", "mock/echo", "Hello", "--json").out)

    assert result["message"]["content"] == [{"type": "text", "text": "Hello"}]
    assert result["cost"]["amount"] == "0"


def test_streamed_json_is_a_line_for_each_part_and_the_result(run: Run) -> None:
    parts = [
        json.loads(line) for line in run("chat", "-m", "mock/echo", "Hello", "--json", "--stream").out.splitlines()
    ]

    assert parts[0]["type"] == "start"
    assert "".join(part["text"] for part in parts if part["type"] == "text_delta") == "Hello"
    assert parts[-1]["result"]["finish"]["unified"] == "stop"


def test_a_dry_run_sends_nothing_and_tells_the_cost(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "Hello", "--dry-run")

    assert ended.out == "The request is valid; nothing was sent. Estimate: $0.\n"
    assert json.loads(run("chat", "-m", "mock/echo", "Hello", "--dry-run", "--json").out)["valid"] is True


def test_a_dry_run_tells_all_faults_at_once(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "Hello", "--dry-run", "--temperature", "9", "--max-tokens", "0")

    assert ended.code == 2
    assert ended.err.count("error: ") == 2


@pytest.mark.parametrize(
    ("arguments", "code", "kind"),
    [
        (("-m", "nope/x", "Hi"), 2, "not_found"),
        (("-m", "openai/gpt-5.4", "Hi"), 4, "authentication"),
        (("-m", "mock/echo", "Hi", "--temperature", "9"), 2, "invalid_request"),
        (("-m", "mock/echo", "Hi", "--config", "absent.toml"), 3, "configuration"),
        (("-m", "mock/echo", "Hi", "--schema", "absent.json"), 2, "invalid_request"),
        (("-m", "mock/echo", "Hi", "--image", "absent.png"), 2, "invalid_request"),
        (("-m", "openai/gpt-5.4", "Hi", "--budget-limit", "0.000001"), 4, "authentication"),
        (("-m", "mock/echo"), 2, "invalid_request"),
    ],
)
def test_errors_are_a_line_of_words_or_of_json(run: Run, arguments: tuple[str, ...], code: int, kind: str) -> None:
    told = run("chat", *arguments)
    as_json = run("chat", *arguments, "--json")

    assert (told.code, told.out) == (code, "")
    assert told.err.startswith("error: ")
    assert "Traceback" not in told.err
    assert as_json.code == code
    assert json.loads(as_json.out)["error"]["kind"] == kind
    assert as_json.err == ""


def test_words_in_brackets_are_told_as_they_are(run: Run) -> None:
    assert "[providers.openai]" in run("chat", "-m", "openai/gpt-5.4", "Hi").err


def test_a_picture_can_be_asked_about(run: Run, tmp_path: Path) -> None:
    (tmp_path / "pixel.png").write_bytes(PIXEL)

    assert run("chat", "-m", "mock/echo", "What is it?", "-i", "pixel.png").code == 0
    assert run("chat", "-m", "mock/echo", "What?", "-i", "https://example.org/x.png", "-i", "pixel.png").code == 0


def test_a_schema_shapes_the_answer(run: Run, tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text('{"type": "object", "properties": {"name": {"type": "string"}}}', "utf-8")
    ended = run("chat", "-m", "mock/json", "Anybody", "--schema", "schema.json")

    assert ended.code == 0, ended.err
    assert isinstance(json.loads(ended.out), dict)


def test_a_picture_piped_in_is_refused_with_the_way_out(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", typed=PIXEL)

    assert ended.code == 2
    assert "give a picture with --image" in ended.err


def test_a_cut_off_answer_is_told(run: Run) -> None:
    ended = run("chat", "-m", "mock/echo", "one two three four five six", "--max-tokens", "2")

    assert "cut off" in ended.err


def test_a_terminal_gets_no_control_characters_of_a_model(run: Run) -> None:
    assert run("chat", "-m", "mock/echo", "a\x1b[2Jb", terminal=True).out == "a[2Jb\n"
    assert run("chat", "-m", "mock/echo", "a\x1b[2Jb").out == "a\x1b[2Jb\n"
