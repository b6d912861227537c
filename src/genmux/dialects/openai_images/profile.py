"""What differs between hosts."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.dialects.openai_images.schema import NAME
from genmux.types.errors import ConfigurationError


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs between hosts.

    - `generations`: the path for pictures out of words, added to the base URL.
    - `edits`: the path for pictures out of pictures; empty where the host has none.
    - `rename`: what the host calls a parameter, such as `{format = "output_format"}`.
    - `lowercase`: parameters whose words the host wants in small letters: `1K` as `1k`.
    - `drop`: parameters that the host refuses; they are left out with a warning.
    - `defaults`: fields that are always sent, such as `{response_format = "url"}`; parameters of the same name win.
    - `user`: the field for the end user's id; empty where the host has none.
    - `input_key`: how the address of a picture is called inside the JSON of an edit (files go as a form instead).
    - `input_type`: the `type` that such an object needs, where it needs one.
    - `single_input`: the field for the only picture of an edit in JSON, where that is not the list `images`.
    - `streams`: whether pictures can be watched while they are made.
    """

    generations: str = "/images/generations"
    edits: str = "/images/edits"
    rename: dict[str, str] = msgspec.field(default_factory=lambda: {"format": "output_format"})
    lowercase: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    defaults: dict[str, Any] = msgspec.field(default_factory=dict)
    user: str = "user"
    input_key: str = "image_url"
    input_type: str | None = None
    single_input: str | None = None
    streams: bool = True


def read_profile(options: Mapping[str, Any]) -> Profile:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        return msgspec.convert(dict(options), Profile)
    except msgspec.ValidationError as error:
        known = ", ".join(Profile.__struct_fields__)
        message = f"options of the dialect {NAME}: {error}; the options are {known}"
        raise ConfigurationError(message) from error
