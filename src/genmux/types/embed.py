"""Embeddings: texts in, vectors out."""

import msgspec

from genmux.types.content import Fields
from genmux.types.money import Cost
from genmux.types.routes import Step
from genmux.types.usage import Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class EmbedRequest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Texts (or ready token ids) to be turned into vectors of `dimensions` numbers."""

    model: str
    inputs: tuple[str | tuple[int, ...], ...]
    dimensions: int | None = None
    user: str | None = None
    dialect: str | None = None
    extra: Fields | None = None


class EmbedResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One vector for each input, in their order."""

    vectors: tuple[tuple[float, ...], ...]
    usage: Usage = msgspec.field(default_factory=Usage)
    id: str | None = None
    model: str | None = None
    provider: str | None = None
    cost: Cost | None = None
    warnings: tuple[Warning, ...] = ()
    attempts: int = 1
    account: str | None = None
    route: str | None = None
    steps: tuple[Step, ...] = ()
    request_id: str | None = None
    dialect: str | None = None
    extra: Fields | None = None
