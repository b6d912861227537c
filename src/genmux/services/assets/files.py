"""What the flow of a job needs of assets, in one place."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from genmux.contract.inputs import MediaInput
from genmux.contract.model import Model
from genmux.services.assets.collecting import Collector
from genmux.services.assets.inputs.readying import Readying
from genmux.services.assets.inputs.taking import Taking
from genmux.services.assets.shelf import Shelf
from genmux.types.assets import Asset, Output
from genmux.types.assets_stored import Stored, Taken, Whence
from genmux.types.generation import GenerationRequest, Input
from genmux.types.principal import Principal


class AssetFiles:
    """Keeps the files of jobs. Raises ProviderError; `retry` is `safe` where the same will go well later."""

    def __init__(self, shelf: Shelf, collector: Collector, taking: Taking, readying: Readying) -> None:
        self._shelf = shelf
        self._collector = collector
        self._taking = taking
        self._readying = readying

    async def take(
        self, inputs: Sequence[Input], *, model: Model, operation: str, principal: Principal, paths: bool = False
    ) -> Taken:
        """Look at the inputs of a request, and keep those that are not kept: files, bytes in a `data:` URI."""
        return await self._taking.take(inputs, model=model, operation=operation, principal=principal, paths=paths)

    async def ready(
        self, request: GenerationRequest, *, model: Model, principal: Principal, folder: Path
    ) -> tuple[MediaInput, ...]:
        """The inputs as the model's manifest wants them. Temporary files are in `folder`, which the caller removes."""
        return await self._readying.ready(request, model=model, principal=principal, folder=folder)

    async def collect(
        self, output: Output, *, tenant: str, headers: Mapping[str, str], trusted_hosts: tuple[str, ...]
    ) -> Stored:
        """Copy an output into our storage, through the URL guard; `headers` (the credential) only go to `trusted_hosts`."""
        return await self._collector.collect(output, tenant=tenant, headers=headers, trusted_hosts=trusted_hosts)

    def add_in(self, tx: Any, stored: Sequence[Stored], whence: Whence) -> tuple[Asset, ...]:
        """Make rows for stored files, in a transaction that does more. May be done again: then the rows are there already."""
        return self._shelf.add_in(tx, stored, whence)

    async def of_job(self, tenant: str, job: str) -> tuple[Asset, ...]:
        """The assets that a job made, in the order of its outputs."""
        return await self._shelf.of_job(tenant, job)
