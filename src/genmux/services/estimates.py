"""What a request may cost, before it is sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from genmux.contract.model import Model
from genmux.services.ports import Pricer
from genmux.types.chat import ChatRequest
from genmux.types.embed import EmbedRequest
from genmux.types.money import Confidence, Estimate, Line, Price, TokenCount


class Bounder(Protocol):
    """Counts tokens, and knows a number that they cannot exceed."""

    def count(self, request: ChatRequest, model: Model) -> TokenCount:
        """The likely number."""
        ...

    def count_text(self, text: str, model: Model) -> TokenCount:
        """The tokens of one text."""
        ...

    def bound(self, request: ChatRequest) -> int:
        """The number that cannot be exceeded."""
        ...


class Biller(Protocol):
    """Turns rows and quantities into lines."""

    def __call__(self, rows: tuple[Price, ...], meters: Mapping[str, int | float]) -> tuple[Line, ...]:
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
        limit = request.max_tokens or model.limits.max_output_tokens
        answers = request.n or 1
        low = self._total(rows, {"tokens.input": counted.tokens * 3 // 4, "tokens.output": 0})
        free = all(row.amount == 0 for row in rows)
        if limit is None and not free:
            missing = "the number of output tokens: set `max_tokens`"
            return Estimate(low=low, high=None, confidence="low", unknown=(missing,), priced_as=model.reference)
        most = {"tokens.input": self._bounder.bound(request), "tokens.output": (limit or 0) * answers}
        confidence: Confidence = "high" if request.max_tokens and counted.exact else "medium"
        return self._estimate(rows, most, low, model, confidence)

    def embed(self, request: EmbedRequest, model: Model) -> Estimate:
        """An estimate for embeddings."""
        rows = self._pricer.rows(model)
        if rows is None:
            return _unknown(model)
        texts = [one for one in request.inputs if isinstance(one, str)]
        ready = sum(len(one) for one in request.inputs if not isinstance(one, str))
        likely = ready + sum(self._bounder.count_text(text, model).tokens for text in texts)
        most = {"tokens.input": ready + sum(len(text.encode()) + 2 for text in texts)}
        low = self._total(rows, {"tokens.input": likely * 3 // 4})
        return self._estimate(rows, most, low, model, "medium" if texts else "high")

    def _total(self, rows: tuple[Price, ...], meters: Mapping[str, int | float]) -> Decimal:
        return sum((line.amount for line in self._bill(rows, meters)), Decimal(0))

    def _estimate(
        self,
        rows: tuple[Price, ...],
        most: Mapping[str, int | float],
        low: Decimal,
        model: Model,
        confidence: Confidence,
    ) -> Estimate:
        lines = self._bill(_dearest(rows), most)
        high = sum((line.amount for line in lines), Decimal(0))
        sure: Confidence = "exact" if high == 0 else confidence
        return Estimate(low=min(low, high), high=high, lines=lines, confidence=sure, priced_as=model.reference)


def _dearest(rows: tuple[Price, ...]) -> tuple[Price, ...]:
    """Rows under which nothing can be cheaper than billed: input at the dearest rate of its kind (a cache write may cost more)."""
    dearest: dict[str, Price] = {}
    for row in rows:
        root = ".".join(row.meter.split(".")[:2])
        best = dearest.get(root)
        if best is None or row.amount * best.per > best.amount * row.per:
            dearest[root] = Price(meter=root, amount=row.amount, per=row.per, source=row.source)
    return tuple(dearest.values())


def _unknown(model: Model) -> Estimate:
    return Estimate(low=None, high=None, confidence="low", unknown=(f"the price of {model.reference}",))
