"""What people see of a provider when they list what is installed."""

import msgspec

from genmux.contract.manifest import Manifest
from genmux.contract.operations import OPERATIONS, Operation
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class ProviderInfo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider. `available` says whether it can be used now, `reason` why not; `source` where it comes from.

    `kinds` and `operations` are computed from its models. Of a provider whose manifest is broken only `id`, `source` and
    `reason` are known.
    """

    id: str
    name: str
    source: str
    available: bool
    reason: str | None = None
    kinds: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()
    enabled: bool = True
    requires_credentials: bool = False
    local: bool = False
    version: str | None = None
    description: str = ""
    author: str | None = None
    documentation: str | None = None
    warnings: tuple[Warning, ...] = ()


def describe(manifest: Manifest, *, source: str, enabled: bool, reason: str | None) -> ProviderInfo:
    """What a manifest says of its provider, and whether it can be used."""
    return ProviderInfo(
        id=manifest.id,
        name=manifest.name,
        source=source,
        available=reason is None,
        reason=reason,
        kinds=manifest.kinds,
        operations=operations_of(manifest),
        enabled=enabled,
        requires_credentials=manifest.requires_credentials,
        local=manifest.local,
        version=manifest.version,
        description=manifest.description,
        author=manifest.author,
        documentation=manifest.documentation,
        warnings=manifest.warnings,
    )


def operations_of(manifest: Manifest) -> tuple[Operation, ...]:
    """Everything that one of its models can do, in the order of the closed list."""
    offered = {
        operation for spec in (manifest.model_defaults, *manifest.models.values()) for operation in spec.operations
    }
    return tuple(operation for operation in OPERATIONS if operation in offered)
