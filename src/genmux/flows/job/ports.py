"""What the flow of a job needs of those who keep files and tell events."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from genmux.contract.inputs import MediaInput
from genmux.contract.model import Model
from genmux.types.assets import Asset, Output
from genmux.types.assets_stored import Stored, Taken, Whence
from genmux.types.generation import GenerationRequest, Input
from genmux.types.principal import Principal


class Files(Protocol):
    """Keeps files. Raises ProviderError; `retry` is `safe` where the same will go well later (a full disk, a network)."""

    async def take(
        self, inputs: Sequence[Input], *, model: Model, operation: str, principal: Principal, paths: bool = False
    ) -> Taken:
        """Look at the inputs of a request, and keep those that are not kept: files, bytes in a `data:` URI.

        `paths` says that the caller is on this machine, as its user, so that files of it may be read. Raises
        InvalidRequestError for what is not what it claims, not open to the caller, too large, or of a kind that the model
        does not take.
        """
        ...

    async def ready(
        self, request: GenerationRequest, *, model: Model, principal: Principal, folder: Path
    ) -> tuple[MediaInput, ...]:
        """The inputs as the model's manifest wants them. Temporary files are in `folder`, which the caller removes."""
        ...

    async def collect(
        self, output: Output, *, tenant: str, headers: Mapping[str, str], trusted_hosts: tuple[str, ...]
    ) -> Stored:
        """Copy an output into our storage, through the URL guard; `headers` (the credential) only go to `trusted_hosts`."""
        ...

    def add_in(self, tx: Any, stored: Sequence[Stored], whence: Whence) -> tuple[Asset, ...]:
        """Make rows for stored files, in a transaction that does more. May be done again: then the rows are there already."""
        ...


class Outbox(Protocol):
    """Tells events, also to others than this process: what is told in a transaction is told exactly when that is committed."""

    def tell_in(  # noqa: PLR0913 — one field of the event each
        self,
        tx: Any,
        type_: str,
        *,
        tenant: str,
        subject: str | None = None,
        provider: str | None = None,
        model: str | None = None,
        key: str | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell something in a transaction that does more."""
        ...

    def nudge(self) -> None:
        """Something was committed."""
        ...
