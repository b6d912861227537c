"""Makes estimates: of chats and embeddings by their tokens, of all other operations by the expression of their price."""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

from genmux.contract.model import Model
from genmux.services.estimates.building import expression_of, unpriced_expression
from genmux.services.estimates.evaluation import evaluate
from genmux.services.estimates.expression import Expression
from genmux.services.estimates.measures import check_operation, measured
from genmux.services.estimates.textual import chat_of, embed_of
from genmux.types.calls import CallRequest, VoiceRequest, as_generation
from genmux.types.chat import ChatRequest
from genmux.types.content import Opaque
from genmux.types.embed import EmbedRequest
from genmux.types.generation import GenerationRequest
from genmux.types.money import Confidence, CreditRange, Estimate, Line, Price, TokenCount, micros
from genmux.types.usage import TOKENS_INPUT, TOKENS_OUTPUT

US_DOLLARS = "USD"
"""The currency in whose micro-units bounds are."""

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


class Compiled(Protocol):
    """Price rows that are ready to bound with."""

    def highest(self, quantities: Mapping[str, int | float]) -> int | None:
        """Micro-units of a US dollar that usage within these quantities cannot cost more than; None without such a price."""
        ...


class Pricer(Protocol):
    """Knows prices."""

    def rows(self, model: Model, *, service_tier: str | None = None) -> tuple[Price, ...] | None:
        """The price rows of a model, None when its price is unknown."""
        ...

    def compiled(self, model: Model, *, service_tier: str | None = None) -> Compiled | None:
        """The same, ready to bound with."""
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
        confidence: Confidence = "high" if request.max_tokens and counted.exact else "medium"
        most = {
            "input_tokens": self._bounder.bound(request, model),
            "max_tokens": request.max_tokens or model.limits.max_output_tokens,
            "n": request.n or 1,
        }
        missing = () if _are_free(rows) else tuple(_missing(request, most["input_tokens"], most["max_tokens"]))
        expression = expression_of(model, "chat", rows)
        return self._textual(expression, rows, likely=counted.tokens, most=most, missing=missing, confidence=confidence)

    def embed(self, request: EmbedRequest, model: Model) -> Estimate:
        """An estimate for embeddings."""
        rows = self._pricer.rows(model)
        if rows is None:
            return _unknown(model)
        texts = [one for one in request.inputs if isinstance(one, str)]
        likely = _ready(request) + sum(self._bounder.count_text(text, model).tokens for text in texts)
        return self._textual(
            expression_of(model, "embed", rows),
            rows,
            likely=likely,
            most={"input_tokens": self._most_embedded(request, model)},
            missing=(),
            confidence="medium" if texts else "high",
        )

    def call(self, request: CallRequest, model: Model) -> Estimate:
        """An estimate for whatever can be called."""
        match request:
            case ChatRequest():
                return self.chat(request, model)
            case EmbedRequest():
                return self.embed(request, model)
            case _:
                return self.voice(request, model)

    def generation(
        self, request: GenerationRequest, model: Model, *, rates: Mapping[str, Decimal] | None = None
    ) -> Estimate:
        """An estimate for any operation. `rates` are what a credit of each type costs the account.

        Raises InvalidRequestError that names the operation, parameter or input that is wrong.
        """
        params = measured(request, model)
        match request.operation:
            case "chat":
                return self.chat(chat_of(request, params), model)
            case "embed":
                return self.embed(embed_of(request), model)
            case operation:
                expression = self.expression(model, operation, service_tier=params.get("service_tier"))
        found = evaluate(expression, params, rates=rates)
        return Estimate(
            low=None if expression.unpriced else found.low,
            high=found.high,
            currency=expression.currency,
            lines=found.lines,
            confidence=found.confidence,
            unknown=found.unknown,
            priced_as=model.reference,
            credits={kind: CreditRange(low=span.low, high=span.high) for kind, span in found.credits.items()},
            assumed=found.assumed,
        )

    def expression(self, model: Model, operation: str, *, service_tier: str | None = None) -> Expression:
        """What an operation of a model costs as a table, for forms (see `genmux.services.estimates.evaluation`).

        Raises InvalidRequestError for an operation that does not exist.
        """
        check_operation(operation)
        rows = self._pricer.rows(model, service_tier=service_tier)
        if rows is None:
            return unpriced_expression(model, operation)
        return expression_of(model, operation, rows)

    def voice(self, request: VoiceRequest, model: Model) -> Estimate:
        """An estimate for speech or a transcription."""
        return self.generation(as_generation(request), model)

    def most(self, request: CallRequest, model: Model, *, service_tier: str | None = None) -> int | None:
        """Micro-units of a US dollar that a request cannot cost more than, quickly; None without such a number (see `explain`).

        It is `estimate.high` in micro-units, or a little more. What is priced in another currency has none.
        """
        if isinstance(request, VoiceRequest):
            high, currency = (found := self.voice(request, model)).high, found.currency
            return None if high is None or (high and currency != US_DOLLARS) else micros(high)
        if isinstance(request, EmbedRequest):
            tariff = self._pricer.compiled(model, service_tier=service_tier)
            return None if tariff is None else tariff.highest({TOKENS_INPUT: self._most_embedded(request, model)})
        tier = service_tier or request.service_tier
        tariff = self._pricer.compiled(model, service_tier=tier)
        if tariff is None:
            return None
        asked = self._bounder.bound(request, model)
        answer = request.max_tokens or model.limits.max_output_tokens
        if asked is None or answer is None or ((request.extra or request.tools) and any(_unforeseeable(request))):
            return self._nothing_if_free(model, tier)
        most = tariff.highest({TOKENS_INPUT: asked, TOKENS_OUTPUT: answer * (request.n or 1)})
        return self._nothing_if_free(model, tier) if most is None else most

    def explain(self, request: CallRequest, model: Model) -> tuple[str, ...]:
        """What is unknown, so that the cost of a request has no bound; empty when it has one."""
        found = self.call(request, model)
        if found.high and found.currency != US_DOLLARS:
            return (f"the price of {model.reference} in US dollars, as it is in {found.currency}",)
        return found.unknown

    def _nothing_if_free(self, model: Model, tier: str | None) -> int | None:
        """0 for a model that costs nothing whatever it is asked."""
        return 0 if _are_free(self._pricer.rows(model, service_tier=tier) or (_DEAR,)) else None

    def _most_embedded(self, request: EmbedRequest, model: Model) -> int:
        bound = self._bounder.bound_text
        return sum([bound(one, model) if isinstance(one, str) else len(one) for one in request.inputs])

    def _textual(
        self,
        expression: Expression,
        rows: tuple[Price, ...],
        *,
        likely: int,
        most: Mapping[str, Any],
        missing: tuple[str, ...],
        confidence: Confidence,
    ) -> Estimate:
        found = evaluate(expression, {name: value for name, value in most.items() if value is not None})
        low = sum((line.amount for line in self._bill(rows, {TOKENS_INPUT: likely * 3 // 4})), Decimal(0))
        unknown = missing or found.unknown
        free = found.high == 0 and not unknown
        return Estimate(
            low=low if found.high is None else min(low, found.high),
            high=None if unknown else found.high,
            currency=expression.currency,
            lines=() if unknown else found.lines,
            confidence="low" if unknown else ("exact" if free else confidence),
            unknown=unknown,
            priced_as=expression.model,
        )


_DEAR = Price(meter="calls", amount=Decimal(1))


def _ready(request: EmbedRequest) -> int:
    """Inputs that are tokens already."""
    return sum(len(one) for one in request.inputs if not isinstance(one, str))


def _missing(request: ChatRequest, most_input: int | None, most_output: int | None) -> Iterator[str]:
    if most_input is None:
        yield "how many input tokens there will be, as the model's context is not known"
    if most_output is None:
        yield "the number of output tokens: set `max_tokens`"
    yield from _unforeseeable(request)


def _unforeseeable(request: ChatRequest) -> Iterator[str]:
    if any(isinstance(tool, Opaque) for tool in request.tools):
        yield "what the provider's own tools will cost"
    if costly := COSTLY.intersection(request.extra or ()):
        yield f"what {', '.join(f'`{name}`' for name in sorted(costly))} in `extra` will cost"


def _are_free(rows: Iterable[Price]) -> bool:
    return all(row.amount == 0 for row in rows)


def _unknown(model: Model) -> Estimate:
    return Estimate(low=None, high=None, confidence="low", unknown=(f"the price of {model.reference}",))
