"""The page about the replay tells what the replay does."""

from pathlib import Path

import pytest

from genmux.dialects.openai_chat.equivalence import EQUIVALENCES
from genmux.testing.replay import JobSeen, Outcome, ResultSeen, SessionSeen
from genmux.testing.replay.equivalences import STREAM_PLACES
from genmux.testing.replay.outcome import USAGE_NAMES
from tools.reference import replay

PAGE = replay.page()


def test_every_field_of_a_line_is_told() -> None:
    assert tuple(replay.FIELDS) == Outcome.__struct_fields__
    assert tuple(replay.RESULT_FIELDS) == ResultSeen.__struct_fields__
    assert tuple(replay.JOB_FIELDS) == JobSeen.__struct_fields__
    assert tuple(replay.SESSION_FIELDS) == SessionSeen.__struct_fields__
    assert all(f"`{name}`" in PAGE for name in USAGE_NAMES.values())


@pytest.mark.parametrize(
    "reason", [*EQUIVALENCES.values(), *(same.reason for places in STREAM_PLACES.values() for same in places)]
)
def test_every_equivalence_is_told(reason: str) -> None:
    assert reason in PAGE


def test_the_equivalences_of_anthropic_are_told() -> None:
    assert "1. a string of content" in PAGE


def test_the_page_in_the_documents_is_fresh() -> None:
    path = Path(__file__).parents[3] / "docs" / "reference" / "replay.md"

    assert path.read_text("utf-8").rstrip() == PAGE.rstrip(), "run `make docs`"
