"""What a failed submission means."""

import pytest

from genmux.flows.job.verdicts import verdict_of
from genmux.types.errors import ProviderError, Retry


@pytest.mark.parametrize(
    ("status", "retry", "verdict"),
    [
        (None, Retry.SAFE, "again"),  # it was never sent
        (429, Retry.SAFE, "again"),
        (503, Retry.SAFE, "again"),
        (500, Retry.SAFE, "unsure"),
        (502, Retry.UNSURE, "unsure"),
        (500, Retry.NEVER, "unsure"),
        (None, Retry.UNSURE, "unsure"),
        (400, Retry.NEVER, "refused"),
        (402, Retry.NEVER, "refused"),
        (200, Retry.NEVER, "refused"),
    ],
)
def test_only_a_clear_word_says_that_nothing_was_started(status: int | None, retry: Retry, verdict: str) -> None:
    assert verdict_of(ProviderError("no", status=status, retry=retry)) == verdict
