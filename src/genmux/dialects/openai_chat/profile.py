"""What differs between the hosts that speak this dialect: the options of a manifest's wire."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from genmux.types.errors import ConfigurationError

ReasoningField = Literal["reasoning_effort", "reasoning", "thinking", "enable_thinking"]
EchoField = Literal["as_asked", "none", "reasoning_content", "reasoning", "reasoning_details", "thinking"]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options. "As asked" means: in the field that the caller of this dialect used, where there was one.

    - `path`: added to the base URL.
    - `max_tokens`: the name of the field for `max_tokens`. By default as asked, otherwise `max_tokens`. OpenAI's own
      reasoning models refuse that and take only `max_completion_tokens`.
    - `rename`: other names for top-level fields, such as `{seed = "random_seed"}` for Mistral.
    - `drop`: top-level fields that the host refuses; they are left out with a warning.
    - `reasoning`: the fields by which the host is asked to think. `reasoning_effort` (OpenAI): an effort;
      `reasoning` (OpenRouter): effort, budget, switch; `thinking` (DeepSeek, Z.ai): a switch; `enable_thinking` (Qwen):
      switch and budget. Several may be named; with none the host cannot be asked. As asked, where it was asked.
    - `reasoning_echo`: in which field earlier reasoning goes back to the model. `as_asked`: where it came from, and
      reasoning from elsewhere is left out; `none`: it is always left out (hosts that refuse unknown fields in
      messages); any other value: always there. `thinking` is Mistral's typed item in `content`.
    - `message_extra`: whether unknown fields of messages (`annotations` …) are sent. `false` for hosts that refuse them,
      or the names of those that the host knows.
    - `plain_content`: content must be one string; media are left out with a warning.
    - `empty_content`: what stands for the content of an assistant's message that has none beside its tool calls:
      `null`, an empty `string`, or nothing (`absent`).
    - `tool_media`: the results of tools may hold images and files. Otherwise they are sent in a message of the user
      that follows, with a warning (results from a caller of this dialect are sent as they are).
    - `system_role`: the only name of the role for instructions that the host knows, `system` or `developer`.
    - `strict_tools`: `strict` may stand in a tool's definition.
    - `cache_control`: the host knows OpenRouter's cache markers. Markers of callers of this dialect are always sent.
    - `file_part`: how documents are sent, as OpenAI's `file` or as Mistral's `document_url`.
    - `stream_usage`: how a stream is made to tell its usage: by `stream_options`, or nothing needs to be (or can be)
      `asked`.
    """

    path: str = "/chat/completions"
    max_tokens: Literal["max_tokens", "max_completion_tokens"] | None = None
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    drop: tuple[str, ...] = ()
    reasoning: tuple[ReasoningField, ...] = ("reasoning_effort",)
    reasoning_echo: EchoField = "as_asked"
    message_extra: bool | tuple[str, ...] = True
    plain_content: bool = False
    empty_content: Literal["null", "string", "absent"] = "null"
    tool_media: bool = False
    system_role: Literal["system", "developer"] | None = None
    strict_tools: bool = True
    cache_control: bool = False
    file_part: Literal["file", "document_url"] = "file"
    stream_usage: Literal["stream_options", "unasked"] = "stream_options"


def read_profile(options: Mapping[str, Any]) -> Profile:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        return msgspec.convert(dict(options), Profile)
    except msgspec.ValidationError as error:
        known = ", ".join(Profile.__struct_fields__)
        message = f"options of the dialect openai_chat: {error}; the options are {known}"
        raise ConfigurationError(message) from error
