"""H.264 without an encoder: a first picture of uncompressed blocks, and pictures that say "as before".

Baseline profile; the names in comments are those of the standard (ITU-T H.264, 7.3).
"""

import re

from genmux.providers.mock.picture import color

BLOCK = 16
"""The side of a macroblock."""

_LEVELS = ((1_620, 30), (3_600, 31), (8_192, 40), (36_864, 51))
"""How many macroblocks a picture may have at most, and which level (times ten) that is."""

_PCM = b"\x0d\x00"
"""mb_type I_PCM, and the zeros until the next byte begins."""


class Bits:
    """Writes bits from left to right."""

    def __init__(self) -> None:
        self._text = ""

    def fixed(self, value: int, width: int) -> None:
        """A number in so many bits."""
        self._text += f"{value:0{width}b}"

    def golomb(self, *values: int) -> None:
        """An exp-Golomb code for each value."""
        for value in values:
            self._text += "0" * ((value + 1).bit_length() - 1) + f"{value + 1:b}"

    def aligned(self) -> bytes:
        """All bits, filled up with zeros."""
        text = self._text + "0" * (-len(self._text) % 8)
        return int(text or "0", 2).to_bytes(len(text) // 8, "big")

    def ended(self) -> bytes:
        """All bits, with rbsp_trailing_bits."""
        self._text += "1"
        return self.aligned()


def blocks_of(width: int, height: int) -> tuple[int, int]:
    """How many macroblocks wide and high a picture is."""
    return -(-width // BLOCK), -(-height // BLOCK)


def sequence(width: int, height: int) -> bytes:
    """seq_parameter_set_rbsp for a picture of even sides."""
    across, down = blocks_of(width, height)
    level = next((level for most, level in _LEVELS if across * down <= most), 51)
    bits = Bits()
    for value in (66, 0b1100_0000, level):  # profile_idc, constraint flags, level_idc
        bits.fixed(value, 8)
    bits.golomb(0, 0, 2, 1)  # id, log2_max_frame_num_minus4, pic_order_cnt_type, max_num_ref_frames
    bits.fixed(0, 1)
    bits.golomb(across - 1, down - 1)
    bits.fixed(0b111, 3)  # frame_mbs_only_flag, direct_8x8_inference_flag, frame_cropping_flag
    bits.golomb(0, (across * BLOCK - width) // 2, 0, (down * BLOCK - height) // 2)
    bits.fixed(0, 1)
    return _unit(0x67, bits.ended())


def parameters() -> bytes:
    """pic_parameter_set_rbsp."""
    bits = Bits()
    bits.golomb(0, 0)
    bits.fixed(0, 2)
    bits.golomb(0, 0, 0)
    bits.fixed(0, 3)
    bits.golomb(0, 0, 0)
    bits.fixed(0b100, 3)  # deblocking_filter_control_present_flag
    return _unit(0x68, bits.ended())


def first_picture(width: int, height: int, key: object) -> bytes:
    """An IDR picture; each macroblock has one color of the key."""
    across, down = blocks_of(width, height)
    bits = Bits()
    bits.golomb(0, 7, 0)  # first_mb_in_slice, slice_type, pic_parameter_set_id
    bits.fixed(0, 4)
    bits.golomb(0)
    bits.fixed(0, 2)
    bits.golomb(0, 1, 25)  # slice_qp_delta, disable_deblocking_filter_idc, and the first mb_type
    samples = [_samples(*color(key, number % 7)) for number in range(across * down)]
    return _unit(0x65, bits.aligned() + _PCM.join(samples) + b"\x80")


def same_picture(width: int, height: int, number: int) -> bytes:
    """A P picture that changes nothing; `number` counts from 1."""
    across, down = blocks_of(width, height)
    bits = Bits()
    bits.golomb(0, 5, 0)
    bits.fixed(number % 16, 4)
    bits.fixed(0, 3)
    bits.golomb(0, 1, across * down)  # slice_qp_delta, disable_deblocking_filter_idc, mb_skip_run
    return _unit(0x41, bits.ended())


def _samples(red: int, green: int, blue: int) -> bytes:
    """One macroblock of a color: 256 samples of luma, 64 and 64 of chroma (BT.601, narrow range)."""
    luma = 16 + (66 * red + 129 * green + 25 * blue) // 256
    chroma_blue = 128 + (-38 * red - 74 * green + 112 * blue) // 256
    chroma_red = 128 + (112 * red - 94 * green - 18 * blue) // 256
    return bytes([luma]) * 256 + bytes([chroma_blue]) * 64 + bytes([chroma_red]) * 64


def _unit(kind: int, payload: bytes) -> bytes:
    """nal_unit, with the bytes that keep a start code from appearing by chance."""
    return bytes([kind]) + re.sub(rb"\x00\x00(?=[\x00-\x03])", b"\x00\x00\x03", payload)
