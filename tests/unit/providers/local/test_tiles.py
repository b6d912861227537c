from hypothesis import given, settings
from hypothesis import strategies as st

from genmux.providers.local.tiles import tiles

SIDES = st.integers(1, 300)


@given(width=SIDES, height=SIDES, side=st.integers(8, 320))
@settings(deadline=None)
def test_tiles_cover_a_picture_once_and_without_gaps(width: int, height: int, side: int) -> None:
    parts = tiles((width, height), side)
    assert sum(one.width * one.height for one in parts) == width * height
    assert all(0 < one.width <= side and 0 < one.height <= side for one in parts)
    assert all(one.left + one.width <= width and one.top + one.height <= height for one in parts)
    assert len({(one.left, one.top) for one in parts}) == len(parts)
    assert all(one.left % side == 0 and one.top % side == 0 for one in parts)
