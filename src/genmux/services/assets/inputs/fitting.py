"""Does a file fit what a model takes? What does not may still be made to fit, where its manifest says so."""

from collections.abc import Iterator

from genmux.contract.params import InputParam
from genmux.services.assets.media.signatures import UNKNOWN, usual
from genmux.types.assets_stored import Facts
from genmux.types.generation import InputKind

CONVERTIBLE = frozenset({"image/png", "image/jpeg", "image/webp", "image/avif", "image/gif", "image/bmp", "image/tiff"})
"""Pictures that can be read and written in another form."""

_MEDIA = ("image", "audio", "video")


def kind_fault(kind: InputKind, media_type: str) -> str | None:
    """Say that a file is not of the kind that it should be; None when it is, or when that cannot be told."""
    if media_type == UNKNOWN:
        return None
    half = media_type.partition("/")[0]
    right = half == kind if kind in _MEDIA else half not in _MEDIA
    return None if right else f"it is {media_type}, and no {kind}"


def fit_faults(spec: InputParam, facts: Facts, size: int | None) -> Iterator[str]:
    """Everything about a file that the model does not take, and that no conversion mends; `size` is in bytes."""
    if facts.broken is not None:
        yield f"it cannot be opened: {facts.broken}"
        return
    mended = is_convertible(spec, facts)
    if not _is_taken(spec, facts.media_type) and not mended:
        yield f"it is {facts.media_type}; the model takes {', '.join(spec.media_types)}"
    if size is not None and spec.max_bytes is not None and size > spec.max_bytes and not mended:
        yield f"it has {size:,} bytes; the model takes {spec.max_bytes:,}"
    yield from _side_faults(spec, facts, mended=mended)
    yield from _length_faults(spec, facts.seconds)


def is_convertible(spec: InputParam, facts: Facts) -> bool:
    """Whether a file can be made to fit in form and size."""
    return spec.convert is not None and facts.media_type in CONVERTIBLE and usual(spec.convert) in CONVERTIBLE


def must_convert(spec: InputParam, facts: Facts, size: int | None) -> bool:
    """Whether a file that can be converted has to be."""
    if not is_convertible(spec, facts):
        return False
    longest = max(facts.width or 0, facts.height or 0)
    too_large = spec.max_bytes is not None and size is not None and size > spec.max_bytes
    return too_large or not _is_taken(spec, facts.media_type) or (spec.max_side is not None and longest > spec.max_side)


def _is_taken(spec: InputParam, media_type: str) -> bool:
    if not spec.media_types or media_type == UNKNOWN:
        return True
    half = media_type.partition("/")[0]
    return any(usual(one) in (media_type, f"{half}/*") for one in spec.media_types)


def _side_faults(spec: InputParam, facts: Facts, *, mended: bool) -> Iterator[str]:
    if facts.width is None or facts.height is None:
        return
    sides = f"{facts.width} × {facts.height} pixels"
    if spec.min_side is not None and min(facts.width, facts.height) < spec.min_side:
        yield f"it has {sides}; no side may be shorter than {spec.min_side}"
    if spec.max_side is not None and max(facts.width, facts.height) > spec.max_side and not mended:
        yield f"it has {sides}; no side may be longer than {spec.max_side}"


def _length_faults(spec: InputParam, seconds: float | None) -> Iterator[str]:
    if seconds is None:
        return
    if spec.min_seconds is not None and seconds < spec.min_seconds:
        yield f"it is {seconds:g} s long; {spec.min_seconds:g} s is the least"
    if spec.max_seconds is not None and seconds > spec.max_seconds + 0.05:  # a last frame may end a little later
        yield f"it is {seconds:g} s long; {spec.max_seconds:g} s is the most"
