"""Settings and environment variables, from the structs that read them."""

import re

import msgspec

from genmux.services import settings
from genmux.services.registry import built_in_manifests
from tools.reference.markdown import first_line, heading, table

SECTIONS: dict[str, type[msgspec.Struct]] = {
    "top level": settings.Settings,
    "[defaults]": settings.Defaults,
    "[providers.ID]": settings.ProviderSettings,
    "[gateway]": settings.GatewaySettings,
    "[log]": settings.LogSettings,
}

_MODULE = re.compile(r"\b(\w+\.)+")

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
    "GENMUX_MODELS_DIR": "a folder of GGUF files that are listed as models",
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
        parts.append(f"## `{section}`\n\n{first_line(struct)}\n\n{table(('setting', 'type', 'default'), rows)}")
    parts.append(
        "## Environment\n\n"
        + table(("variable", "meaning"), ((f"`{name}`", what) for name, what in ENVIRONMENT.items()))
    )
    keys = [
        (manifest.name, ", ".join(f"`{env}`" for field in manifest.credentials.values() for env in field.env))
        for manifest in built_in_manifests()
        if any(field.env for field in manifest.credentials.values())
    ]
    parts.append("## Keys\n\n" + table(("provider", "looked for in"), keys))
    return "\n".join(parts)


def field_rows(struct: type[msgspec.Struct]) -> list[tuple[str, str, str]]:
    """Name, type and default of each field of a struct."""
    return [(f"`{field.encode_name}`", _type(field), _default(field)) for field in msgspec.structs.fields(struct)]


def _type(field: msgspec.structs.FieldInfo) -> str:
    name = getattr(field.type, "__name__", str(field.type)) if not hasattr(field.type, "__args__") else str(field.type)
    plain = _MODULE.sub("", name)
    return f"`{plain}`"


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default_factory is not msgspec.NODEFAULT:
        return ""
    return "" if isinstance(field.default, msgspec.Struct) or field.default in (None, ()) else f"`{field.default}`"
