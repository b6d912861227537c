"""How the model shall answer: thinking, form, tools, sampling."""

from typing import Any

from genmux.contract.features import Support
from genmux.contract.model import Model
from genmux.dialects.anthropic_messages.blocks_write import write_cache
from genmux.dialects.anthropic_messages.emulation import Emulation
from genmux.dialects.anthropic_messages.notes import Notes
from genmux.dialects.anthropic_messages.profile import Profile
from genmux.dialects.anthropic_messages.schema import NAME
from genmux.dialects.anthropic_messages.schemas import fitted
from genmux.types.chat import ChatRequest, ReasoningConfig, Tool
from genmux.types.content import Fields, Opaque

EFFORT_BUDGETS = {"minimal": 1_024, "low": 2_048, "medium": 8_192, "high": 16_384, "xhigh": 24_576, "max": 32_000}
"""How many tokens a word of effort is worth, for models that think by budget."""

SMALLEST_BUDGET = 1_024
"""The API refuses smaller ones (platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11)."""

_RENAMED_EFFORTS = {"minimal": "low"}
_TIERS = {"auto": "auto", "standard_only": "standard_only", "default": "standard_only", "priority": "auto"}
_CHOICES = {"auto": "auto", "required": "any", "none": "none", "tool": "tool"}
_ABSENT = ("seed", "frequency_penalty", "presence_penalty", "n", "logprobs", "top_logprobs", "metadata")
_JOINED = ("output_config", "metadata")
_SAYS_NOTHING: dict[str, tuple[Any, ...]] = {"n": (1,), "logprobs": (False,), "metadata": ({},)}
"""Values that ask for what happens anyway (a zero does so everywhere but for `seed`)."""


def write_reasoning(body: Fields, request: ChatRequest, model: Model, profile: Profile, notes: Notes) -> None:
    """Write `thinking` and `output_config.effort`, and make room for a budget in `max_tokens`."""
    asked = request.reasoning
    if asked is None:
        return
    if request.dialect == NAME:
        _write_as_given(body, asked)
        return
    if model.support("reasoning") is Support.NO:
        notes.unsupported("reasoning", "the model does not think")
        return
    extra = notes.own(asked.extra, request.dialect) or {}
    if asked.enabled is False or asked.effort == "none" or asked.max_tokens == 0:
        body["thinking"] = {"type": "disabled", **extra}
    elif asked.enabled is None and asked.effort is None and asked.max_tokens is None:
        if extra:
            body["thinking"] = extra
    elif profile.is_adaptive(model.wire_id):
        body["thinking"] = {"type": "adaptive", **extra}
        _write_effort(body, asked, notes)
    else:
        _write_budget(body, asked, request, extra, notes)


def _write_as_given(body: Fields, asked: ReasoningConfig) -> None:
    """The reverse of `accept`: effort and thinking are two things, and a type that is not the usual one is in `extra`."""
    if asked.effort is not None:
        body.setdefault("output_config", {})["effort"] = asked.effort
    if asked.enabled is False:
        body["thinking"] = {"type": "disabled", **(asked.extra or {})}
    elif asked.max_tokens is not None:
        body["thinking"] = {"type": "enabled", "budget_tokens": asked.max_tokens, **(asked.extra or {})}
    elif asked.enabled:
        body["thinking"] = {"type": "adaptive", **(asked.extra or {})}
    elif asked.extra:
        body["thinking"] = asked.extra


def _write_effort(body: Fields, asked: ReasoningConfig, notes: Notes) -> None:
    effort = asked.effort
    if asked.max_tokens is not None:
        budgets = ((word, budget) for word, budget in EFFORT_BUDGETS.items() if word not in _RENAMED_EFFORTS)
        effort = effort or next((word for word, budget in budgets if budget >= asked.max_tokens), "max")
        notes.add("renamed", "reasoning.max_tokens", f"this model thinks by effort, not by budget: {effort!r} is sent")
    if effort in _RENAMED_EFFORTS:
        notes.add("renamed", "reasoning.effort", f"{effort!r} is called {_RENAMED_EFFORTS[effort]!r} here")
        effort = _RENAMED_EFFORTS[effort]
    if effort is not None:
        body.setdefault("output_config", {})["effort"] = effort


def _write_budget(body: Fields, asked: ReasoningConfig, request: ChatRequest, extra: Fields, notes: Notes) -> None:
    budget = asked.max_tokens or EFFORT_BUDGETS.get(asked.effort or "medium", EFFORT_BUDGETS["medium"])
    if request.max_tokens is None:  # the limit was our own choice: leave the answer its room beside the thoughts
        body["max_tokens"] = max(body["max_tokens"], budget + min(body["max_tokens"], 4_096))
    elif budget >= request.max_tokens:
        budget = request.max_tokens * 3 // 4
        if budget < SMALLEST_BUDGET:
            notes.unsupported(
                "reasoning", f"max_tokens {request.max_tokens} leaves no room for the smallest budget, 1024"
            )
            return
        notes.add("clamped", "reasoning", f"a budget has to be smaller than max_tokens: {budget} tokens are asked for")
    if budget < SMALLEST_BUDGET:
        notes.add("clamped", "reasoning.max_tokens", f"{budget} is less than the smallest budget, {SMALLEST_BUDGET}")
        budget = SMALLEST_BUDGET
    body["thinking"] = {"type": "enabled", "budget_tokens": budget, **extra}


def write_output(body: Fields, request: ChatRequest, emulation: Emulation | None, notes: Notes) -> None:
    """Write `output_config.format`, where the model has it."""
    output = request.output
    if output is None or output.kind == "text":
        return
    if emulation is not None:
        how = (
            f"a tool `{emulation.tool}` that must be called"
            if emulation.way == "tool"
            else "words in the system prompt"
        )
        notes.add("emulated", "output", f"asked for by {how}")
        return
    own = notes.own(output.extra, request.dialect) or {}
    schema = {} if output.schema is None else {"schema": _fitted(output.schema, "output.schema", request, notes)}
    body.setdefault("output_config", {})["format"] = {"type": output.kind, **schema, **own}


def _fitted(schema: Fields, field: str, request: ChatRequest, notes: Notes) -> Fields:
    """A schema of another dialect as the API takes it; one of this dialect is the caller's own affair."""
    fit = schema if request.dialect == NAME else fitted(schema)
    if fit != schema:
        notes.add("emulated", field, "written as the API takes it: objects closed, limits said in descriptions")
    return fit


def write_tools(body: Fields, request: ChatRequest, model: Model, emulation: Emulation | None, notes: Notes) -> None:
    """Write `tools` and `tool_choice`."""
    tools = [written for tool in request.tools if (written := _tool(tool, request, model, notes)) is not None]
    if emulation is not None and emulation.way == "tool":
        description = "Give the answer. Call this once, with all of it."
        tools = [{"name": emulation.tool, "description": description, "input_schema": emulation.schema}]
        body["tool_choice"] = {"type": "tool", "name": emulation.tool}
    elif tools or request.dialect == NAME:
        _write_choice(body, request, model, notes)
    if tools:
        body["tools"] = tools


def _tool(tool: Tool | Opaque, request: ChatRequest, model: Model, notes: Notes) -> Fields | None:
    if isinstance(tool, Opaque):
        if tool.dialect == NAME and tool.origin in (None, model.origin):
            return tool.data
        notes.unsupported("tools", f"the tool `{tool.kind}` is run only by {tool.dialect}")
        return None
    if tool.kind != "function":
        notes.unsupported("tools", f"`{tool.name}` takes free text, the API has only tools with JSON arguments")
        return None
    fields: Fields = {"name": tool.name}
    if tool.description is not None:
        fields["description"] = tool.description
    if tool.parameters is not None and tool.strict:
        fields["input_schema"] = _fitted(tool.parameters, f"tools.{tool.name}.parameters", request, notes)
    elif tool.parameters is not None:
        fields["input_schema"] = tool.parameters
    elif request.dialect != NAME:
        fields["input_schema"] = {"type": "object", "properties": {}}
    if tool.strict is not None:
        fields["strict"] = tool.strict
    if tool.cache is not None:
        fields["cache_control"] = write_cache(tool.cache)
    return {**fields, **(notes.own(tool.extra, request.dialect) or {})}


def _write_choice(body: Fields, request: ChatRequest, model: Model, notes: Notes) -> None:
    choice = request.tool_choice
    fields: Fields = {}
    demands = choice is not None and choice.mode in ("required", "tool") and request.dialect != NAME
    if demands and model.support("tool_choice") is Support.NO:
        notes.unsupported("tool_choice", "the model cannot be made to call a tool")
    elif choice is not None:
        fields = {"type": _CHOICES[choice.mode]}
        if choice.name is not None:
            fields["name"] = choice.name
        fields.update(notes.own(choice.extra, request.dialect) or {})
    parallel = request.parallel_tool_calls
    may_say = fields.get("type") != "none" or request.dialect == NAME
    if may_say and (parallel is False or (parallel and fields)):
        fields = {"type": "auto", **fields, "disable_parallel_tool_use": not parallel}
    if fields:
        body["tool_choice"] = fields


def write_sampling(body: Fields, request: ChatRequest, profile: Profile, notes: Notes) -> None:
    """Write the sampling parameters, and note those that the API has not."""
    for name in ("temperature", "top_p", "top_k"):
        if (value := getattr(request, name)) is None:
            continue
        if profile.takes_sampling:
            body[name] = value
        else:
            notes.unsupported(name, f"API version {profile.version} has it no more")
    if request.stop:
        body["stop_sequences"] = request.stop
    for name in _ABSENT:
        value = getattr(request, name)
        if value is None or value in _SAYS_NOTHING.get(name, ()) or (name != "seed" and value == 0):
            continue
        notes.unsupported(name, f"{value!r:.60}: the API has no such parameter")


def write_tier(body: Fields, request: ChatRequest, notes: Notes) -> None:
    """Write `service_tier`."""
    tier = request.service_tier
    if tier is None:
        return
    known = tier if request.dialect == NAME else _TIERS.get(tier)
    if known is None:
        notes.unsupported("service_tier", f"{tier!r}: the API has `auto` and `standard_only`")
        return
    if known != tier:
        notes.add("renamed", "service_tier", f"{tier!r} is called {known!r} here")
    body["service_tier"] = known


def add_extra(body: Fields, extra: Fields) -> None:
    """Add the caller's further fields; they win, and those inside `output_config` and `metadata` join what is there."""
    for key, value in extra.items():
        present = body.get(key)
        if key in _JOINED and type(present) is dict and type(value) is dict:
            present.update(value)
        else:
            body[key] = value


def defaulted_max_tokens(model: Model, profile: Profile, notes: Notes) -> int:
    """What is asked for when the caller left `max_tokens` out, which the API insists on."""
    limit = model.limits.max_output_tokens
    chosen = profile.default_max_tokens if limit is None else limit
    reason = "the model's limit" if limit is not None else "the model's limit is not known"
    notes.add("defaulted", "max_tokens", f"the API wants it: {chosen} ({reason})")
    return chosen
