"""Gateway keys and tenancy: organisations, teams, keys, and what each key may be used for.

- `KeyRing.find(text) -> Principal`: whom a key belongs to, from memory.
- `check_allowed(principal, model, operation, *, name=None)`: raises PermissionDeniedError.
- `end_user_of(request)`, `principal.asking(end_user, tags)`: for whom a request is made.
- `Tenancy`, `Issuing`: what admins do; `KeyDesk` has both.
"""

from genmux.services.keys.allowance import check_address, check_allowed, is_within, may_name, may_use
from genmux.services.keys.client_secrets import ClientSecret, ClientSecrets
from genmux.services.keys.desk import KeyDesk
from genmux.services.keys.end_user import end_user_of
from genmux.services.keys.issuing import Changes, Issued, Issuing, Wish
from genmux.services.keys.ports import KeyStore
from genmux.services.keys.ring import KeyRing
from genmux.services.keys.tenancy import Tenancy

__all__ = [
    "Changes",
    "ClientSecret",
    "ClientSecrets",
    "Issued",
    "Issuing",
    "KeyDesk",
    "KeyRing",
    "KeyStore",
    "Tenancy",
    "Wish",
    "check_address",
    "check_allowed",
    "end_user_of",
    "is_within",
    "may_name",
    "may_use",
]
