"""What a request may cost, before it is sent."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from genmux.contract.model import Model
from genmux.services.ports import Pricer
from genmux.types.chat import ChatRequest
from genmux.types.content import Opaque
from genmux.types.embed import EmbedRequest
from genmux.types.money import Confidence, Estimate, Line, Price, TokenCount
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT

COSTLY = frozenset({
    "best_of", "compound_custom", "documents", "enable_search", "fallbacks", "max_completion_tokens", "max_tokens",
    "mcp_servers", "modalities", "models", "n", "plugins", "provider", "search_parameters", "search_settings",
    "service_tier", "tools", "venice_parameters", "web_search_options",
})  # fmt: skip
"""Fields of `extra` that change what a call costs in ways that an estimate cannot foresee."""


class Bounder(Protocol):
    """Counts tokens, and knows a number that they cannot exceed."""

    def count(self, request: ChatRequest, model: Model) -> TokenCount:
        """The likely number."""
        ...

    def count_text(self, text: str, model: Model) -> TokenCount:
        """The tokens of one text."""
        ...

    def bound(self, request: ChatRequest, model: Model) -> int | None:
        """The number that cannot be exceeded, None when there is none."""
        ...

    def bound_text(self, text: str, model: Model) -> int:
        """The number that the tokens of one text cannot exceed."""
        ...


class Biller(Protocol):
    """Turns rows and quantities into lines."""

    def __call__(self, rows: Iterable[Price], meters: Mapping[str, int | float]) -> tuple[Line, ...]:
        """One line for each priced meter."""
        ...


class Estimator:
    """Makes estimates from prices and token counts."""

    def __init__(self, pricer: Pricer, bounder: Bounder, bill: Biller) -> None:
        self._pricer = pricer
        self._bounder = bounder
        self._bill = bill

    def chat(self, request: ChatRequest, model: Model) -> Estimate:
        """An estimate for a chat. `high` takes every token of input and output that the request allows."""
        rows = self._pricer.rows(model, service_tier=request.service_tier)
        if rows is None:
            return _unknown(model)
        counted = self._bounder.count(request, model)
        likely = {TOKENS_INPUT: counted.tokens * 3 // 4}
        most_input = self._bounder.bound(request, model)
        most_output = request.max_tokens or model.limits.max_output_tokens
        most = {TOKENS_INPUT: most_input or 0, TOKENS_OUTPUT: (most_output or 0) * (request.n or 1)}
        missing: list[str] = []
        if not _are_free(rows):
            if most_input is None:
                missing.append("how many input tokens there will be, as the model's context is not known")
            if most_output is None:
                missing.append("the number of output tokens: set `max_tokens`")
            missing += _unforeseeable(request)
        confidence: Confidence = "high" if request.max_tokens and counted.exact else "medium"
        return self._estimate(rows, model, likely=likely, most=most, missing=missing, confidence=confidence)

    def embed(self, request: EmbedRequest, model: Model) -> Estimate:
        """An estimate for embeddings."""
        rows = self._pricer.rows(model)
        if rows is None:
            return _unknown(model)
        texts = [one for one in request.inputs if isinstance(one, str)]
        ready = sum(len(one) for one in request.inputs if not isinstance(one, str))
        likely = ready + sum(self._bounder.count_text(text, model).tokens for text in texts)
        most = ready + sum(self._bounder.bound_text(text, model) for text in texts)
        return self._estimate(
            rows,
            model,
            likely={TOKENS_INPUT: likely * 3 // 4},
            most={TOKENS_INPUT: most},
            missing=[],
            confidence="medium" if texts else "high",
        )

    def _estimate(
        self,
        rows: tuple[Price, ...],
        model: Model,
        *,
        likely: Mapping[str, int],
        most: Mapping[str, int],
        missing: list[str],
        confidence: Confidence,
    ) -> Estimate:
        lines = self._bill(_dearest(rows, most[TOKENS_INPUT]), most)
        high = _sum(lines)
        low = _sum(self._bill(rows, likely))
        known = Estimate(
            low=min(low, high),
            high=high,
            currency=rows[0].currency,
            lines=lines,
            confidence="exact" if high == 0 else confidence,
            priced_as=model.reference,
        )
        if not missing:
            return known
        return msgspec.structs.replace(known, low=low, high=None, lines=(), confidence="low", unknown=tuple(missing))


def _unforeseeable(request: ChatRequest) -> Iterator[str]:
    if any(isinstance(tool, Opaque) for tool in request.tools):
        yield "what the provider's own tools will cost"
    if costly := COSTLY.intersection(request.extra or ()):
        yield f"what {', '.join(f'`{name}`' for name in sorted(costly))} in `extra` will cost"


def _are_free(rows: Iterable[Price]) -> bool:
    return all(row.amount == 0 for row in rows)


def _dearest(rows: Iterable[Price], most_input: int) -> tuple[Price, ...]:
    """Rows under which nothing can be cheaper than billed: each kind of token at its dearest rate, such as that of a cache write."""
    dearest: dict[str, Price] = {}
    for row in rows:
        if int(row.when.get("input_tokens_gt", -1)) >= most_input > 0:
            continue  # such a request never gets there
        root = next((root for root in (TOKENS_INPUT, TOKENS_OUTPUT) if row.meter.startswith(root)), row.meter)
        best = dearest.get(root)
        if best is None or row.amount * best.per > best.amount * row.per:
            dearest[root] = msgspec.structs.replace(row, meter=root, when={})
    return tuple(dearest.values())


def _sum(lines: Iterable[Line]) -> Decimal:
    return sum((line.amount for line in lines), Decimal(0))


def _unknown(model: Model) -> Estimate:
    return Estimate(low=None, high=None, confidence="low", unknown=(f"the price of {model.reference}",))
