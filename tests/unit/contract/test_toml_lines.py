"""The line of a TOML text to which a complaint belongs is found in every spelling of keys."""

import pytest

from genmux.contract.toml_lines import describe

TEXT = """\
name = "x"
# list = 1
a.b = 1

["quoted key".inner]
c = { d = 1 }
[[rows]]
e = 1
[[rows]]
f = 1

not toml at all
"""


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("wrong - at `$.name`", "f:1: name: wrong"),
        ("wrong - at `$.a.b`", "f:3: a.b: wrong"),
        ("wrong - at `$.a.b.deeper`", "f:3: a.b.deeper: wrong"),
        ('wrong - at `$."quoted key".inner.c`', "f:6: quoted key.inner.c: wrong"),
        ("Object contains unknown field `f` - at `$.rows[...]`", "f:10: rows.*.f: Object contains unknown field `f`"),
        ("Object contains unknown field `list`", "f: list: Object contains unknown field `list`"),
        ("wrong - at `$.absent`", "f: absent: wrong"),
        ("wrong", "f: the file: wrong"),
        ("Invalid value '1' - at `$.rows[...].e`", "f:8: rows.*.e: Invalid value '1'"),
    ],
)
def test_a_complaint_is_told_with_file_line_and_key(complaint: str, told: str) -> None:
    assert describe("f", TEXT, complaint) == told
