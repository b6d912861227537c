"""Rows of jobs, from and to the database."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from genmux.store.jobs.tables import jobs
from genmux.types.generation import GenerationRequest
from genmux.types.jobs import Ended, JobState, JobStatus
from genmux.types.jobs_stored import Details, JobRow

COLUMNS = tuple(column.name for column in jobs.columns)
NAMES = ", ".join(COLUMNS)

_encode = msgspec.json.Encoder().encode
_request = msgspec.json.Decoder(GenerationRequest).decode
_details = msgspec.json.Decoder(Details).decode
_ended = msgspec.json.Decoder(Ended).decode
_state = msgspec.json.Decoder(JobState).decode
_ticket = msgspec.json.Decoder(dict[str, Any]).decode
_STATUSES = {str(one): one for one in JobStatus}
_READ: dict[str, Callable[[Any], Any]] = {
    "status": _STATUSES.__getitem__,
    "request": _request,
    "details": _details,
    "outcome": _ended,
    "hint": _state,
    "ticket": _ticket,
}
_READERS = tuple(_READ.get(name) for name in COLUMNS)
_AS_JSON = frozenset({"request", "details", "outcome", "hint", "ticket"})


def read_row(values: Sequence[Any]) -> JobRow:
    """A row as it was selected with NAMES."""
    fields: dict[str, Any] = {
        name: value if read is None or value is None else read(value)
        for name, value, read in zip(COLUMNS, values, _READERS, strict=True)
    }
    return JobRow(**fields)


def written(values: dict[str, Any]) -> dict[str, Any]:
    """Values of columns as the database keeps them."""
    return {
        name: _encode(value).decode() if name in _AS_JSON and value is not None else _plain(value)
        for name, value in values.items()
    }


def row_values(row: JobRow) -> dict[str, Any]:
    """All columns of a row as the database keeps them."""
    return written({name: getattr(row, name) for name in COLUMNS})


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, JobStatus) else value
