"""The manifest, from the structs that read it."""

import msgspec

from genmux.contract import features, manifest, operations, params
from genmux.types.money import Price
from tools.reference.configuration import field_rows
from tools.reference.markdown import described, heading, table

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "The file": manifest.Manifest,
    "[credentials.NAME]": manifest.Credential,
    "[wires.NAME]": manifest.WireSpec,
    '[models."ID"] and [model_defaults]': manifest.ModelSpec,
    "params.NAME": params.Param,
    "limits": manifest.Limits,
    "prices": Price,
    "lifecycle": manifest.Lifecycle,
    "[health]": manifest.Probe,
}


def page() -> str:
    """Every key of a manifest, the features and the operations."""
    parts = [
        heading(
            "Manifest", "A provider as data: `manifest.toml`. Unknown keys are errors that name file, key and line."
        )
    ]
    for title, struct in STRUCTS.items():
        parts.append(f"## {title}\n\n{described(struct)}\n\n" + table(("key", "type", "default"), field_rows(struct)))
    rows = ((f"`{name}`", meaning) for name, meaning in features.FEATURES.items())
    parts.append(
        "## Features\n\nEach is `native`, `emulated`, `no` or `unknown`.\n\n" + table(("feature", "meaning"), rows)
    )
    kinds = ((kind, ", ".join(f"`{name}`" for name in names)) for kind, names in operations.KINDS.items())
    parts.append("## Operations\n\n" + table(("kind of provider", "operations"), kinds))
    return "\n".join(parts)
