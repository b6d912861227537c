"""Names of events as people give them."""

from genmux.types.errors import InvalidRequestError
from genmux.types.event_kinds import EVENTS

ANY = "*"


def checked_types(types: tuple[str, ...], *, param: str = "types") -> tuple[str, ...]:
    """The names, each once; a beginning (`generation.*`) must be that of at least one. Raises InvalidRequestError."""
    for one in types:
        known = any(name.startswith(one[:-1]) for name in EVENTS) if one.endswith(ANY) else one in EVENTS
        if not known:
            message = f"there is no event {one[:60]!r}; there are {', '.join(EVENTS)}, and beginnings as generation.*"
            raise InvalidRequestError(message, param=param)
    return tuple(dict.fromkeys(types))
