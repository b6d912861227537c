"""All that manages keys, in one."""

import msgspec

from genmux.services.keys.issuing import Issuing
from genmux.services.keys.ring import KeyRing
from genmux.services.keys.tenancy import Tenancy


class KeyDesk(msgspec.Struct, frozen=True):
    """Organisations and teams, keys, and who is who."""

    tenancy: Tenancy
    issuing: Issuing
    ring: KeyRing
