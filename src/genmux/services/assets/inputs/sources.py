"""Where an input is, as people write it."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from genmux.services.assets.data_uris import is_data_uri
from genmux.types.errors import InvalidRequestError
from genmux.types.generation import Input

Place = Literal["asset", "job", "data", "url", "path", "text"]

_ASSET = re.compile(r"(?a)asset_[A-Za-z0-9_-]{1,80}")
_JOB = re.compile(r"(?a)job_[A-Za-z0-9_-]{1,80}")


def place_of(one: Input) -> Place:
    """What kind of place the source of an input is. Raises InvalidRequestError where there is none."""
    source = one.source
    if not source:
        raise InvalidRequestError(
            "it has no `source`: give a URL, a `data:` URI, a path, or the id of an asset or a job"
        )
    if one.kind == "text":
        return "text"
    if is_data_uri(source):
        return "data"
    if source[:8].lower().startswith(("http://", "https://")):
        return "url"
    if _ASSET.fullmatch(source):
        return "asset"
    return "job" if _JOB.fullmatch(source) else "path"


def path_of(source: str) -> Path:
    """The file that a path or a `file:` URL means."""
    if source[:5].lower() == "file:":
        return Path(unquote(urlsplit(source).path))
    return Path(source).expanduser()
