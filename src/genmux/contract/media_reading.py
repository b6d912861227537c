"""Finds the files in a result that has no common form: by where addresses stand, not by what a model calls them."""

from collections.abc import Iterator, Mapping
from typing import Any

from genmux.types.assets import AssetRole, Output

ROLES: dict[str, AssetRole] = {
    "thumbnail": "poster",
    "thumbnail_url": "poster",
    "poster": "poster",
    "poster_url": "poster",
    "cover": "poster",
    "cover_url": "poster",
    "preview": "preview",
    "preview_url": "preview",
    "last_frame": "last_frame",
    "last_frame_url": "last_frame",
}
"""What a file is where the name of its field says that it is not the result itself."""

ADDRESSES = ("http://", "https://", "data:")
"""How an address begins. A text that contains one is not an address."""

MEASURES = ("width", "height", "duration", "fps", "frame_count", "file_size")
"""What is kept of what a result says of a file."""

_DEPTH = 12


def outputs_in(result: Any) -> tuple[Output, ...]:
    """The files of a decoded result, in its order, each once.

    A text that is an address is a file, and so is a table with `url`, whose `content_type` and `file_name` are taken. Lists
    and other tables are looked through.
    """
    found = {output.url: output for output in _walk(result, "output", _DEPTH)}
    return tuple(found.values())


def text_in(result: Any) -> str | None:
    """What a result says in words: a text, or the pieces of one, of which none is an address. None where there is none."""
    match result:
        case str():
            return None if _is_address(result) else result or None
        case list() if all(isinstance(piece, str) and not _is_address(piece) for piece in result):
            return "".join(result) or None
        case _:
            return None


def _walk(value: Any, role: AssetRole, depth: int) -> Iterator[Output]:
    match value:
        case str() if _is_address(value):
            yield Output(url=value, role=role)
        case {"url": str() as url} if _is_address(url):
            yield _described(url, value, role)
        case dict() if depth:
            for name, inner in value.items():
                yield from _walk(inner, ROLES.get(name, role), depth - 1)
        case list() if depth:
            for inner in value:
                yield from _walk(inner, role, depth - 1)
        case _:
            return


def _described(url: str, table: Mapping[str, Any], role: AssetRole) -> Output:
    media_type, name = table.get("content_type"), table.get("file_name")
    return Output(
        url=url,
        media_type=media_type if isinstance(media_type, str) and media_type else None,
        name=name if isinstance(name, str) and name else None,
        role=role,
        metadata={measure: size for measure in MEASURES if isinstance(size := table.get(measure), int | float)},
    )


def _is_address(text: str) -> bool:
    return text.startswith(ADDRESSES) and not any(map(str.isspace, text[:2_048]))
