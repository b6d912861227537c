"""How live sessions are served: `[gateway.realtime]` of `genmux.toml`."""

from typing import Annotated

import msgspec

Positive = Annotated[float, msgspec.Meta(gt=0)]
Count = Annotated[int, msgspec.Meta(ge=1)]


class RealtimeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How live sessions are served (`[gateway.realtime]`). Spans are in seconds.

    A session in which nobody says anything for `idle` is ended, and any after `longest`. A key may have so many
    `sessions_per_key` at a time. `message_limit` is the most bytes of one message of a caller, `opening` how long a model may
    take to be there. After `ping` without a sign of life a caller is asked for one, and given up after as long again.
    """

    idle: Positive = 600.0
    longest: Positive = 3_600.0
    sessions_per_key: Count = 100
    message_limit: Annotated[int, msgspec.Meta(ge=1_024)] = 16 * 1024 * 1024
    opening: Positive = 15.0
    ping: Positive = 20.0
