"""What an engine that makes media may say, and in which order: progress, and at last what became of them."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from genmux.contract.local import Progress
from genmux.contract.model import Model
from genmux.types.errors import ErrorKind, ProviderError, Retry
from genmux.types.jobs import Completed, Failed, Filtered


async def until_ended(
    outputs: AsyncGenerator[Any], model: Model
) -> AsyncGenerator[Progress | Completed | Filtered | Failed]:
    """The progress, and once the engine is at rest the state in which the job ended.

    Raises ProviderError (`server`) when there is none, or for anything else that the engine gives.
    """
    ended: Completed | Filtered | Failed | None = None
    async with aclosing(outputs):
        async for output in outputs:
            match output:
                case Progress():
                    yield output
                case Completed() | Filtered() | Failed():
                    ended = output
                case _:
                    raise _unexpected(f"gave a {type(output).__name__} where progress or an end is due", model)
    if ended is None:
        raise _unexpected("ended without saying what became of the job", model)
    yield ended


def _unexpected(what: str, model: Model) -> ProviderError:
    return ProviderError(
        f"the embedded engine of {model.reference} {what}",
        kind=ErrorKind.SERVER,
        provider=model.provider,
        model=model.id,
        retry=Retry.NEVER,
    )
