"""How reasoning state of other origins travels through clients of this dialect."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genmux.dialects.anthropic_messages.envelope import DAMAGED, PREFIX, seal, unseal
from genmux.types.content import Reasoning

TEXT = st.text()
STATES = st.builds(
    Reasoning,
    TEXT,
    st.none() | TEXT,
    st.none() | TEXT,
    st.text(min_size=1),
    st.none() | st.dictionaries(TEXT, st.integers() | TEXT, min_size=1),
)


@given(STATES)
def test_what_is_sealed_comes_out_whole(state: Reasoning):
    assert unseal(seal(state, "elsewhere"), state.text) == state


def test_a_state_without_an_origin_gets_one():
    assert unseal(seal(Reasoning(signature="s"), "somewhere")) == Reasoning(signature="s", origin="somewhere")


def test_a_foreign_signature_is_left_alone():
    assert unseal("EuoDCmUIDRACGAIqQK0f8X710") is None


@pytest.mark.parametrize("rest", ["", "%%%", "AAAA", "eyJ", "W10", "\N{SNOWMAN}", "eyJvIjo3fQ"])
def test_a_damaged_envelope_belongs_to_nobody(rest):
    assert unseal(PREFIX + rest, "hm") == Reasoning("hm", origin=DAMAGED)
