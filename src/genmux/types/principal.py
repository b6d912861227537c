"""For whom something is done, and who pays for it."""

from collections.abc import Mapping

import msgspec

from genmux.types.keys import Allowance, EndUsers, Role, ScopeRates

DEFAULT_TENANT = "default"
"""The organisation of whoever did not say: the user of this machine."""


class Principal(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asks: an organisation (the tenant, whose rows nobody else sees), one of its teams, a key, an end user.

    Names are ids; `end_user` is whatever the caller calls its own user. `allow` is None where nothing is limited. `rates`
    are the limits on how fast, by scope; without any, nobody need be asked. `address` is where the request came from.
    """

    organisation: str = DEFAULT_TENANT
    team: str | None = None
    key: str | None = None
    end_user: str | None = None
    tags: Mapping[str, str] = msgspec.field(default_factory=dict)
    role: Role = "member"
    allow: Allowance | None = None
    rates: tuple[ScopeRates, ...] = ()
    end_users: EndUsers | None = None
    address: str | None = None


NOBODY = Principal(role="root")
"""The user of this machine, without a key."""
