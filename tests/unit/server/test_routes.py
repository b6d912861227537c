"""Paths with and without an id in them."""

from typing import Any

import pytest

from genmux.server.routes import Routes

EXACT, ONE, PART, MINE = ({name: ()} for name in ("exact", "one", "part", "mine"))
TABLE: Any = {"/things": EXACT, "/things/{id}": ONE, "/things/{id}/part": PART, "/things/mine": MINE}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/things", EXACT),
        ("/things/7", ONE),
        ("/things/mine", MINE),
        ("/things/7/part", PART),
        ("/things/part", ONE),
        ("/things/", None),
        ("/things//part", None),
        ("/things/7/", None),
        ("/things/7/other", None),
        ("/things/7/8/part", None),
        ("/other/7", None),
    ],
)
def test_an_id_is_one_segment_that_is_not_empty(path: str, found: Any):
    assert Routes(TABLE).find(path) == found


def test_the_paths_are_told_as_they_were_written():
    assert [*Routes(TABLE)] == [*TABLE]
