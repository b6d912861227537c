"""Where a job goes: the model, its wire, and the account that the job has, or had when it was submitted."""

from genmux.contract.operations import OPERATIONS, Operation
from genmux.flows.call.options import DEFAULT_OPTIONS
from genmux.flows.call.target import Target
from genmux.flows.job.bench import Bench, Hand, Kept
from genmux.types.errors import ConfigurationError, InvalidRequestError
from genmux.types.jobs_stored import JobRow


def operation_named(name: str) -> Operation:
    """The operation with a name. Raises InvalidRequestError for one that does not exist."""
    for operation in OPERATIONS:
        if operation == name:
            return operation
    raise InvalidRequestError(f"there is no operation {name!r}; there are {', '.join(OPERATIONS)}", param="operation")


def reach(bench: Bench, hand: Hand) -> Target:
    """The target of a job in hand, with the account that it has. Raises ProviderError when that is not there (any more)."""
    if hand.target is not None:
        return hand.target
    row, operation = hand.row, operation_named(hand.row.operation)
    if hand.lease is None:
        hand.lease = _kept(bench, row)
    model = bench.targets.model(f"{row.provider}/{row.model}", operation)
    hand.target = bench.targets.reach(model, operation, DEFAULT_OPTIONS, hand.lease)
    return hand.target


def _kept(bench: Bench, row: JobRow) -> Kept | None:
    """The account with which a job was submitted: nobody else may ask for it."""
    if row.account is None:
        return None
    standing = bench.accounts.standing(row.account)
    if standing is None:
        message = (
            f"the account {row.details.account_name or row.account} of {row.provider}, with which the job was submitted, is gone;"
            " add it again, as no other account can ask for the job"
        )
        raise ConfigurationError(message, provider=row.provider, param="account")
    return Kept(standing.account, standing.credential)
