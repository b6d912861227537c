"""Several credentials for each provider: who may use them, which comes first, what is left of their credits.

What flows use:

    lease = pool.choose(provider, principal=…, needs={"credits": …}, excluded=frozenset(), rule="cheapest", only=None)
    if lease.pending:
        lease = await pool.reserve(lease, principal=…, excluded=…)
    … lease.account, lease.credential …
    lease.done(error_or_none, credits_used)
    if rotates(error): choose again with `excluded | {lease.account.id}`
"""

from genmux.services.accounts.configured import ConfiguredAccounts
from genmux.services.accounts.keeper import AccountKeeper
from genmux.services.accounts.lease import Lease
from genmux.services.accounts.pool import AccountPool
from genmux.services.accounts.standing import rotates

__all__ = ["AccountKeeper", "AccountPool", "ConfiguredAccounts", "Lease", "rotates"]
