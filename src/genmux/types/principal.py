"""For whom something is done, and who pays for it."""

from collections.abc import Mapping

import msgspec

from genmux.types.errors import InvalidRequestError
from genmux.types.keys import Allowance, EndUsers, Role, ScopeRates

DEFAULT_TENANT = "default"
"""The organisation of whoever did not say: the user of this machine."""

LONGEST_END_USER = 256
"""In characters."""


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

    def asking(self, end_user: str | None, tags: Mapping[str, str]) -> "Principal":
        """The same for one request, which may name an end user and brings tags.

        The key's own tags win, and so does an end user who is known already (from a header). Raises InvalidRequestError
        when the key demands an end user and there is none, or one whose name no database can hold.
        """
        rule = self.end_users
        end_user = self.end_user or end_user or None
        if rule is not None:
            if rule.rule == "ignored":
                end_user = None
            elif rule.rule == "required" and not end_user:
                message = "this key wants to know the end user: send `user`, or the header `x-genmux-end-user`"
                raise InvalidRequestError(message, param="user")
        if end_user == self.end_user and not tags:
            return self
        if end_user is not None and len(end_user) > LONGEST_END_USER:
            message = f"the end user's name has {len(end_user)} characters; none is longer than {LONGEST_END_USER}"
            raise InvalidRequestError(message, param="user")
        if end_user is not None and "\0" in end_user:
            raise InvalidRequestError("the end user's name has a NUL in it; leave it out", param="user")
        rates = self.rates
        if rule is not None and rule.limits and end_user != self.end_user:
            rates = (*rates, ScopeRates(f"end_user:{self.key}/{end_user}", rule.limits))
        tags = {**tags, **self.tags} if tags else self.tags
        return msgspec.structs.replace(self, end_user=end_user, tags=tags, rates=rates)


NOBODY = Principal(role="root")
"""The user of this machine, without a key."""
