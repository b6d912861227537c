"""What differs between the services that speak this dialect: the options of a manifest's wire."""

import re
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from genmux.types.errors import ConfigurationError

SAMPLING_REMOVED = "2026-10-21"
"""From this API version on `temperature`, `top_p` and `top_k` are refused (platform.claude.com/docs/en/api/versioning, 2026-11)."""

_GENERATION = re.compile(r"claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)")
_ADAPTIVE_FROM = (4, 6)


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The options. All have defaults that suit Anthropic itself at `base_url = "https://api.anthropic.com/v1"`.

    - `path`: added to the base URL; the token counter is at `path` + `/count_tokens`.
    - `version`: the header `anthropic-version`, not sent when empty. `2023-06-01` takes every field that later versions
      take, and the sampling parameters besides.
    - `beta`: values of the header `anthropic-beta`. A request can add some by `extra = {"betas": [...]}`.
    - `default_max_tokens`: what is asked for when neither the caller nor the model's limits say.
    - `thinking`: how reasoning effort is asked for. `adaptive`: `{"type": "adaptive"}` with `output_config.effort`;
      `budget`: `{"type": "enabled"}` with a budget by the table `EFFORT_BUDGETS`; `by_model`: adaptive for Claude 4.6 and
      later (which refuse, or will refuse, budgets), a budget for everything else.
    - `system_turns`: the service takes messages of the role `system` in mid-conversation (Claude 4.8 and later). Otherwise
      those of other dialects are added to the system prompt, with a warning.
    - `style`: `vertex` puts the model into the path, as Google's `:rawPredict` wants it (base URL up to `/anthropic/models`).
    """

    path: str = "/messages"
    version: str = "2023-06-01"
    beta: tuple[str, ...] = ()
    default_max_tokens: int = 4096
    thinking: Literal["by_model", "adaptive", "budget"] = "by_model"
    system_turns: bool = False
    style: Literal["messages", "vertex"] = "messages"

    @property
    def takes_sampling(self) -> bool:
        """Whether `temperature`, `top_p` and `top_k` may be sent."""
        return self.version < SAMPLING_REMOVED

    def is_adaptive(self, wire_id: str) -> bool:
        """Whether this model is asked to think by effort and not by budget."""
        if self.thinking != "by_model":
            return self.thinking == "adaptive"
        found = _GENERATION.search(wire_id)
        return found is not None and (int(found[1]), int(found[2] or 0)) >= _ADAPTIVE_FROM


VERTEX_VERSION = "vertex-2023-10-16"
"""What Vertex wants as `anthropic_version` in the body (platform.claude.com/docs/en/api/claude-on-vertex-ai, 2026-11)."""


def read_profile(options: Mapping[str, Any]) -> Profile:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        return msgspec.convert(dict(options), Profile)
    except msgspec.ValidationError as error:
        known = ", ".join(Profile.__struct_fields__)
        message = f"options of the dialect anthropic_messages: {error}; the options are {known}"
        raise ConfigurationError(message) from error
