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
[rows.deep]
g = 1
[tables]
j = 1
k = 1
not toml at all
"""


@pytest.mark.parametrize(
    ("complaint", "told"),
    [
        ("wrong - at `$.name`", "f:1: name: wrong"),
        ("wrong - at `$.a.b`", "f:3: a.b: wrong"),
        ("wrong - at `$.a.b.deeper`", "f:3: a.b.deeper: wrong"),
        ('wrong - at `$."quoted key".inner.c`', "f:6: quoted key.inner.c: wrong"),
        ("Object contains unknown field `f` - at `$.rows[1]`", "f:10: rows[1].f: Object contains unknown field `f`"),
        ("wrong - at `$.rows[0].e`", "f:8: rows[0].e: wrong"),
        ("wrong - at `$.rows[1].deep.g`", "f:12: rows[1].deep.g: wrong"),
        ("wrong - at `$.a[...]`", "f:3: a.b: wrong"),
        ("Invalid value 'k' - at `key` in `$.tables[...]`", "f:15: tables.k: Invalid value 'k'"),
        ("Object contains unknown field `list`", "f: list: Object contains unknown field `list`"),
        ("wrong - at `$.absent`", "f: absent: wrong"),
        ("wrong", "f: the file: wrong"),
    ],
)
def test_a_complaint_is_told_with_file_line_and_key(complaint: str, told: str) -> None:
    assert describe("f", TEXT, complaint) == told
