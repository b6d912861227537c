"""Sizes and lengths for people."""

_UNITS = ("bytes", "KB", "MB", "GB", "TB")


def shown_size(count: int) -> str:
    """A number of bytes in few digits."""
    size, unit = float(count), 0
    while size >= 1_000 and unit < len(_UNITS) - 1:
        size, unit = size / 1_000, unit + 1
    if not unit:
        return f"{count} bytes"
    return f"{size:.3g} {_UNITS[unit]}" if size < 1_000 else f"{size:,.0f} {_UNITS[unit]}"


def shown_length(seconds: float) -> str:
    """How long something plays."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
