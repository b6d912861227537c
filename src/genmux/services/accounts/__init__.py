"""Several credentials for each provider: who may use them, which comes first, what is left of their credits.

What flows use:

    if pool.several(provider):
        lease = await pool.reserve(provider, principal=…, needs={"credits": …}, excluded=…, rule="cheapest", only=None)
        … lease.account, lease.credential …
        lease.done(error_or_none, credits_used)
        if pool.rotates(error): reserve again with `excluded | {lease.account.id}`

Where there is no database that others use too, `pool.choose` does the same without waiting.
"""

from genmux.services.accounts.configured import ConfiguredAccounts
from genmux.services.accounts.desk import AccountDesk
from genmux.services.accounts.lease import Lease
from genmux.services.accounts.pool import AccountPool
from genmux.services.accounts.standing import rotates

__all__ = ["AccountDesk", "AccountPool", "ConfiguredAccounts", "Lease", "rotates"]
