"""The half that faces a host: a wire.

Sources: platform.openai.com/docs/api-reference/embeddings, docs.mistral.ai/api, 2026-11, and recorded traffic.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import msgspec

from genmux.contract.error_map import classify
from genmux.contract.http import HttpReply, json_request, malformed
from genmux.contract.model import Model
from genmux.contract.wires import Encoded, Sent
from genmux.dialects.openai_embeddings.vectors import NAME, OBJECT, EncodingFormat, Numbers, read_vector
from genmux.types.content import Fields
from genmux.types.embed import EmbedRequest, EmbedResult
from genmux.types.errors import ConfigurationError
from genmux.types.usage import TOKENS_INPUT, Usage
from genmux.types.warning import Warning  # noqa: A004 — see genmux.types.warning


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What differs between hosts.

    - `path`: added to the base URL.
    - `encoding_format`: asked for, where it is given; `base64` is a third of the size of `float`. Both are understood.
    - `base64_numbers`: what is inside base64: `float32`, or `int8` at Perplexity.
    - `rename`: other names for top-level fields, such as `{dimensions = "output_dimension"}`.
    - `drop`: top-level fields that the host refuses; they are left out with a warning.
    """

    path: str = "/embeddings"
    encoding_format: EncodingFormat | None = None
    base64_numbers: Numbers = "float32"
    rename: dict[str, str] = msgspec.field(default_factory=dict)
    drop: tuple[str, ...] = ()


def read_profile(options: Mapping[str, Any]) -> Profile:
    """The options of a manifest. Raises ConfigurationError that names the option that is unknown or wrong."""
    try:
        return msgspec.convert(dict(options), Profile)
    except msgspec.ValidationError as error:
        known = ", ".join(Profile.__struct_fields__)
        message = f"options of the dialect {NAME}: {error}; the options are {known}"
        raise ConfigurationError(message) from error


class OpenAIEmbeddingsWire:
    """Embeddings as one host speaks them."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def encode(self, request: EmbedRequest, model: Model, *, stream: bool = False) -> Encoded:
        """Write the request. There are no streams of embeddings."""
        del stream
        profile = self.profile
        given = {
            "model": model.wire_id,
            "input": request.inputs,
            "dimensions": request.dimensions,
            "user": request.user,
            "encoding_format": profile.encoding_format,
        }
        body = {key: value for key, value in given.items() if value is not None}
        warnings: list[Warning] = []
        if request.dialect in (None, NAME):
            body |= request.extra or {}
        elif request.extra:
            detail = f"fields of {request.dialect} have no place here: {', '.join(request.extra)}"
            warnings.append(Warning("unsupported", "extra", detail))
        warnings += [
            Warning("unsupported", name, "the host does not take it; it is left out")
            for name in profile.drop
            if body.pop(name, None) is not None
        ]
        document = {profile.rename.get(name, name): value for name, value in body.items()}
        return Encoded(json_request(profile.path, document), tuple(warnings))

    def decode(self, reply: HttpReply, sent: Sent[EmbedRequest]) -> EmbedResult:
        """Read a successful reply. Raises ProviderError when it is an error in disguise or malformed."""
        try:
            fields = OBJECT.decode(reply.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise malformed(f"the reply is not a JSON object: {error}", status=reply.status) from error
        if fields.get("error") or fields.get("object") == "error":
            raise classify(reply)
        items = fields.pop("data", None)
        if not isinstance(items, list):
            raise malformed("the reply has no list `data`", status=reply.status)
        if len(items) != len(sent.request.inputs):
            message = f"the reply has {len(items)} vectors for {len(sent.request.inputs)} inputs"
            raise malformed(message, status=reply.status)
        vectors, besides = _vectors(items, self.profile.base64_numbers, reply.status)
        fields.pop("object", None)
        usage = fields.pop("usage", None)
        rest = {key: value for key, value in fields.items() if value is not None and key not in ("id", "model")}
        if any(besides):
            rest["data"] = besides
        return EmbedResult(
            vectors=vectors,
            usage=_usage(usage) if isinstance(usage, dict) else Usage(),
            id=_text(fields.get("id")),
            model=_text(fields.get("model")),
            dialect=NAME,
            extra=rest or None,
        )


def _vectors(items: list[Any], numbers: Numbers, status: int) -> tuple[tuple[tuple[float, ...], ...], list[Fields]]:
    """The vectors in the order of the inputs, and what each item says besides."""
    read: list[tuple[int, tuple[float, ...], Fields]] = []
    for position, item in enumerate(items):
        vector = read_vector(item.get("embedding"), numbers) if isinstance(item, dict) else None
        if vector is None:
            raise malformed(f"item {position} of the reply has no vector", status=status)
        index = item.get("index")
        known = ("object", "index", "embedding")
        rest = {key: value for key, value in item.items() if key not in known and value is not None}
        read.append((index if type(index) is int else position, vector, rest))
    read.sort(key=lambda one: one[0])
    return tuple(vector for _, vector, _ in read), [rest for _, _, rest in read]


def _usage(usage: Fields) -> Usage:
    """Tokens: Voyage tells only the total. The cost, where OpenRouter or Perplexity state it, is in US dollars."""
    told = (usage.get("prompt_tokens"), usage.get("total_tokens"))
    tokens = next((count for count in told if type(count) is int), None)
    cost = usage.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")
    stated = isinstance(cost, int | float) and not isinstance(cost, bool) and cost >= 0
    price = Decimal(repr(cost)) if stated else None
    return Usage(meters={} if tokens is None else {TOKENS_INPUT: tokens}, reported_cost=price, raw=usage)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
