"""The examples run, and what documents show is true."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SAID = {
    "async_events.py": "generation.completed",
    "budget.py": "more than its `budget_limit`",
    "chat.py": "why it stopped: stop",
    "errors.py": "did you mean openai?",
    "generate_media.py": "made: video/mp4 1.0 s, simulated: True",
    "route.py": "mock/echo answered",
    "speak_and_transcribe.py": "heard: good morning",
    "spending.py": "has not enough left",
    "stream.py": "why it stopped: length",
    "structured_output.py": "Person",
    "talk.py": "answer: how are you",
    "tools.py": "the model calls weather",
}
"""Each example, and words that it must print."""

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)")
PYTHON = re.compile(r"```python\n(.*?)```", re.DOTALL)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "PYTHONIOENCODING": "utf-8"}
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environ, cwd=ROOT, check=False)


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "examples").glob("*.py")))
def test_an_example_runs_without_a_key_and_prints_what_it_is_about(name: str):
    done = run(sys.executable, str(ROOT / "examples" / name))
    assert done.returncode == 0, done.stderr
    assert SAID[name] in done.stdout


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_of_a_page_leads_to_a_file(page: Path):
    broken = [link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_block_of_python_in_a_page_is_valid(page: Path):
    for number, block in enumerate(PYTHON.findall(page.read_text("utf-8")), start=1):
        assert compile(block, f"{page.name} block {number}", "exec")


def test_the_library_shown_in_the_readme_runs():
    blocks = PYTHON.findall((ROOT / "README.md").read_text("utf-8"))
    shown = next(block for block in blocks if "def weather" in block)
    done = run(sys.executable, "-c", shown)
    assert done.returncode == 0, done.stderr
    assert "ToolCall" in done.stdout
