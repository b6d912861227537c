import numpy as np
import pytest

from genmux.services.audio.g711 import Law, decoded, encoded

ALL = np.arange(-32_768, 32_768).astype(np.int16)


@pytest.mark.parametrize("law", ["pcmu", "pcma"])
def test_every_code_survives_being_read_and_written(law: Law) -> None:
    codes = bytes(range(256))
    again = encoded(decoded(codes, law), law)
    assert decoded(again, law).tolist() == decoded(codes, law).tolist()
    assert sum(a != b for a, b in zip(codes, again, strict=True)) <= 1  # μ-law has a zero of each sign


@pytest.mark.parametrize(("law", "worst"), [("pcmu", 644), ("pcma", 512)])
def test_no_sample_is_further_off_than_half_a_step(law: Law, worst: int) -> None:
    back = decoded(encoded(ALL, law), law).astype(int)
    off = np.abs(back - ALL)
    assert off.max() <= worst
    assert (off <= (np.abs(ALL.astype(int)) + 260) / 31).all()


@pytest.mark.parametrize(
    ("law", "code", "value"),
    [("pcmu", 0xFF, 0), ("pcmu", 0x80, 32_124), ("pcmu", 0x00, -32_124), ("pcma", 0xD5, 8), ("pcma", 0x2A, -32_256)],
)
def test_codes_mean_what_the_standard_says(law: Law, code: int, value: int) -> None:
    assert decoded(bytes([code]), law).tolist() == [value]
