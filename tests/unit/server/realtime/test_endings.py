"""Codes and reasons with which a caller's WebSocket is closed."""

import pytest

from genmux.server.realtime.caller import LONGEST_REASON, shortened
from genmux.server.realtime.endings import ending_of
from genmux.types.errors import ErrorKind, ProviderError


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_error_has_a_code_of_the_standard_and_names_its_kind(kind: ErrorKind):
    ending = ending_of(ProviderError("no", kind=kind))
    assert ending.code in (1008, 1011, 1013, 1014)
    assert ending.reason == f"{kind}: no"


def test_a_reason_has_room_whatever_is_in_it():
    assert len(shortened("\N{SNOWMAN}" * 100).encode()) <= LONGEST_REASON
    assert shortened("short") == "short"
