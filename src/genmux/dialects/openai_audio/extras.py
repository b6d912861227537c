"""Fields that genmux has no word for: they go to hosts of this dialect only."""

from genmux.dialects.openai_audio.schema import NAME
from genmux.types.content import Fields
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


def own_fields(dialect: str | None, extra: Fields | None, warnings: list[Warning]) -> Fields:
    """The fields that may be sent; of others a warning is noted."""
    if dialect in (None, NAME):
        return dict(extra or {})
    if extra:
        detail = f"fields of {dialect} have no place here: {', '.join(extra)}"
        warnings.append(Warning("unsupported", "extra", detail))
    return {}
