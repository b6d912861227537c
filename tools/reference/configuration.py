"""Settings and environment variables, from the structs that read them."""

from collections.abc import Iterator

import msgspec

from genmux.services import settings
from tools.reference.manifests import built_in_manifests
from tools.reference.markdown import cell_type, default, described, heading, table

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "top level": settings.Settings,
    "[defaults]": settings.Defaults,
    "[providers.ID]": settings.ProviderSettings,
    "[gateway]": settings.GatewaySettings,
    "[log]": settings.LogSettings,
}

ENVIRONMENT: dict[str, str] = {
    "GENMUX_CONFIG": "the path of `genmux.toml`",
    "GENMUX_CHAT_MODEL": "the default model for chat",
    "GENMUX_EMBED_MODEL": "the default model for embeddings (likewise for each operation)",
    "GENMUX_TIMEOUT": "total time of a call in seconds",
    "GENMUX_RETRIES": "how often a safe failure is tried again",
    "GENMUX_BUDGET_LIMIT": "the most one call may cost, in US dollars",
    "GENMUX_GATEWAY_KEYS": "the gateway's keys, with commas between",
    "GENMUX_LOG": "`debug`, `info`, `warning` or `error`, as JSON with `:json` after it",
    "GENMUX_DATA_DIR": "where weights are kept",
    "GENMUX_MODELS_DIR": "a folder of GGUF files, each of which is the model `local/NAME.gguf`",
    "GENMUX_LOCAL_THREADS": "threads of the embedded engine",
    "HTTP_PROXY, HTTPS_PROXY, NO_PROXY": "proxies, as everywhere",
}


def page() -> str:
    """Every setting, every variable."""
    parts = [
        heading(
            "Configuration", "`./genmux.toml`, else `~/.config/genmux/genmux.toml`; the environment has the last word."
        )
    ]
    for section, struct in SECTIONS.items():
        rows = field_rows(struct)
        parts.append(f"## `{section}`\n\n{described(struct)}\n\n{table(('setting', 'type', 'default'), rows)}")
    parts.append(
        "## Environment\n\n"
        + table(("variable", "meaning"), ((f"`{name}`", what) for name, what in ENVIRONMENT.items()))
    )
    parts.append(
        "## Credentials\n\nThey are also taken from `[providers.ID]` of `genmux.toml`, by the names here.\n\n"
        + table(("provider", "name", "looked for in", "", "meaning"), credential_rows())
    )
    bases = [
        (manifest.name, ", ".join(f"`{name}`" for name in manifest.base_url_env), f"`{manifest.base_url}`")
        for manifest in built_in_manifests()
        if manifest.base_url_env
    ]
    parts.append(
        "## Addresses\n\n`base_url` in `[providers.ID]` sets any provider's address.\n\n"
        + table(("provider", "looked for in", "default"), bases)
    )
    return "\n".join(parts)


def credential_rows() -> Iterator[tuple[str, str, str, str, str]]:
    """Every field of every provider's credential, and the variables in which it is looked for."""
    for manifest in built_in_manifests():
        for name, field in manifest.credentials.items():
            needed = "needed" if field.required and manifest.requires_credentials else ""
            variables = ", ".join(f"`{env}`" for env in field.env)
            yield manifest.name, f"`{name}`", variables, needed, field.description or ""


def field_rows(struct: type[msgspec.Struct]) -> list[tuple[str, str, str]]:
    """Name, type and default of each field of a struct."""
    return [(f"`{field.encode_name}`", cell_type(field), default(field)) for field in msgspec.structs.fields(struct)]
