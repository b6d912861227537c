"""The built-in providers, from their manifests."""

from tools.reference.manifests import built_in_manifests
from tools.reference.markdown import heading, table


def page() -> str:
    """All providers: what they make, which dialects they speak, where their keys are looked for."""
    rows: list[tuple[object, ...]] = []
    for manifest in built_in_manifests():
        dialects = sorted({wire.dialect for wire in manifest.wires.values()})
        keys = [f"`{env}`" for field in manifest.credentials.values() for env in field.env if field.required]
        link = f"[{manifest.name}]({manifest.documentation})" if manifest.documentation else manifest.name
        rows.append(
            (
                f"`{manifest.id}`",
                link,
                ", ".join(manifest.kinds),
                ", ".join(dialects) or "embedded",
                ", ".join(keys) or "none",
                len(manifest.models),
                "any" if manifest.models_policy == "open" else "listed",
            )
        )
    head = heading(
        "Providers",
        f"{len(rows)} providers are built in. `genmux providers` says which can be used on this machine now.",
    )
    return head + "\n" + table(("id", "name", "makes", "speaks", "key", "models listed", "may be called"), rows)
