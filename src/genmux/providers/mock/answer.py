"""Makes up answers: echoes, stories, documents, tool calls, reasoning; all within what the request allows."""

import re
from collections.abc import Iterator

import msgspec

from genmux.providers.mock.chance import number
from genmux.providers.mock.document import document
from genmux.providers.mock.script import Reply
from genmux.providers.mock.story import sentences, story
from genmux.providers.mock.tokens import tokens
from genmux.types.chat import ChatRequest, FinishReason, Tool
from genmux.types.content import Reasoning, Refusal, Text, ToolCall, ToolResult
from genmux.types.errors import InvalidRequestError

STORY_TOKENS = 120
MOST_CALLS = 8
"""How many tools are called at once at most, when several are wished for."""
SIGNATURE = "mock-"

Grown = Reasoning | Text | Refusal | ToolCall


class Behavior(msgspec.Struct, frozen=True, kw_only=True):
    """What a model does when nobody tells it otherwise."""

    tells: bool = False
    calls: bool = False
    writes_json: bool = False
    reasons: bool = False
    scripted: bool = False


BEHAVIORS: dict[str, Behavior] = {
    "echo": Behavior(),
    "priced": Behavior(),
    "story": Behavior(tells=True),
    "tools": Behavior(calls=True),
    "json": Behavior(writes_json=True),
    "reasoner": Behavior(reasons=True),
    "script": Behavior(scripted=True),
}
"""The chat models by name."""


class Block(msgspec.Struct, frozen=True):
    """One block of an answer, and the tokens in which it is streamed."""

    block: Grown
    pieces: list[str]


class Answer(msgspec.Struct, frozen=True):
    """One choice of a reply; `stopped_by` is the stop sequence that ended it."""

    blocks: tuple[Block, ...]
    finish: FinishReason
    stopped_by: str | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an answer is made from, beside the request: the user's text without directives, wished length and calls."""

    text: str
    behavior: Behavior
    origin: str
    tokens: int | None = None
    calls: int | None = None
    seed: int = 0


def answer(request: ChatRequest, wish: Wish, *, choice: int = 0) -> Answer:
    """Make up one answer. Raises InvalidRequestError where the request asks for the impossible."""
    blocks: list[Block] = []
    if _reasons(request, wish.behavior):
        blocks.append(_reasoning(request, wish))
    results = tool_results(request)
    called = [] if results else _called_tools(request, wish)
    if called:
        blocks += [_call(tool, request, wish, f"{choice}.{nth}") for nth, tool in enumerate(called)]
        return _limited(blocks, FinishReason("tool_calls"), request)
    pieces = _document(request, wish, choice) or _text(request, results, wish, choice)
    blocks.append(Block(Text("".join(pieces)), pieces))
    return _limited(blocks, FinishReason("stop"), request)


def scripted(reply: Reply, request: ChatRequest, wish: Wish) -> Answer:
    """The answer that a script demands; limits of the request hold for it, too."""
    blocks: list[Block] = []
    if reply.reasoning is not None:
        blocks.append(_thought(reply.reasoning, tokens(reply.reasoning), wish))
    if reply.text is not None:
        blocks.append(Block(Text(reply.text), tokens(reply.text)))
    if reply.refusal is not None:
        blocks.append(Block(Refusal(reply.refusal), tokens(reply.refusal)))
    for nth, call in enumerate(reply.tool_calls):
        arguments = call.arguments if isinstance(call.arguments, str) else msgspec.json.encode(call.arguments).decode()
        made = ToolCall(call.id or _call_id(request, wish, f"script.{nth}"), call.name, arguments)
        blocks.append(Block(made, tokens(arguments)))
    unified = reply.finish or ("tool_calls" if reply.tool_calls else "refusal" if reply.refusal else "stop")
    made = _limited(blocks, FinishReason(unified), request)
    if reply.finish_raw is None:
        return made
    return msgspec.structs.replace(made, finish=FinishReason(made.finish.unified, reply.finish_raw))


def tool_results(request: ChatRequest) -> list[ToolResult]:
    """The results that stand at the end of the conversation, after the last word of the assistant."""
    found: list[ToolResult] = []
    for message in reversed(request.messages):
        if message.role == "assistant":
            break
        found = [*(block for block in message.content if isinstance(block, ToolResult)), *found]
    return found


def sign(text: str) -> str:
    """The signature under a thought."""
    return f"{SIGNATURE}{number('signature', text):016x}"


def check_signatures(request: ChatRequest) -> None:
    """Raise InvalidRequestError when a thought of ours comes back changed, as providers do that sign theirs."""
    for message in request.messages:
        for block in message.content:
            signature = block.signature or "" if isinstance(block, Reasoning) else ""
            if signature.startswith(SIGNATURE) and signature != sign(getattr(block, "text", "")):
                raise InvalidRequestError(
                    f"the signature {signature!r} does not belong to the reasoning with which it came back",
                    code="invalid_signature",
                    param="messages",
                )


def _reasons(request: ChatRequest, behavior: Behavior) -> bool:
    asked = request.reasoning
    if asked is None:
        return behavior.reasons
    return asked.enabled is not False and asked.effort != "none"


def _reasoning(request: ChatRequest, wish: Wish) -> Block:
    limit = request.reasoning.max_tokens if request.reasoning else None
    pieces = tokens(f"The user says {wish.text[:80]!r}. I shall think about it, and then I shall answer.")[:limit]
    return _thought("".join(pieces), pieces, wish)


def _thought(text: str, pieces: list[str], wish: Wish) -> Block:
    return Block(Reasoning(text, signature=sign(text), origin=wish.origin), pieces)


def _called_tools(request: ChatRequest, wish: Wish) -> list[Tool]:
    """The tools to call: the demanded one, the first, those that the user names, or none."""
    offered = [tool for tool in request.tools if isinstance(tool, Tool)]
    choice = request.tool_choice
    mode = choice.mode if choice else "auto"
    if mode == "none" or (mode == "auto" and not offered):
        return []
    if choice is not None and mode == "tool":
        offered = [tool for tool in offered if tool.name == choice.name]
    if not offered:
        wanted = f"the tool {choice.name!r}" if choice and choice.name else "a tool"
        raise InvalidRequestError(f"`tool_choice` demands {wanted}, which `tools` does not have", param="tool_choice")
    if mode == "auto" and not wish.behavior.calls and wish.calls is None:
        offered = [tool for tool in offered if re.search(rf"\b{re.escape(tool.name)}\b", wish.text)]
    wanted = len(offered) if request.parallel_tool_calls else 1
    if wish.calls is not None:
        wanted = 1 if request.parallel_tool_calls is False else wish.calls
    return [offered[nth % len(offered)] for nth in range(min(wanted, MOST_CALLS))] if offered else []


def _call(tool: Tool, request: ChatRequest, wish: Wish, place: str) -> Block:
    seed = (wish.seed, wish.text, tool.name, place)
    if tool.kind == "custom":
        arguments = wish.text or tool.name
    else:
        arguments = msgspec.json.encode(document(tool.parameters or {"type": "object"}, seed=seed)).decode()
    made = ToolCall(_call_id(request, wish, place), tool.name, arguments, kind=tool.kind)
    return Block(made, tokens(arguments))


def _call_id(request: ChatRequest, wish: Wish, place: str) -> str:
    """Always the same for the same conversation, and never twice in one."""
    return f"call_{number(wish.seed, len(request.messages), wish.text, place):016x}"


def _document(request: ChatRequest, wish: Wish, choice: int) -> list[str] | None:
    output = request.output
    kind = output.kind if output else "text"
    if kind == "text" and not wish.behavior.writes_json:
        return None
    schema = output.schema if output else None
    value = {"answer": wish.text} if schema is None else document(schema, seed=(wish.seed, wish.text, choice))
    return tokens(msgspec.json.encode(value).decode())


def _text(request: ChatRequest, results: list[ToolResult], wish: Wish, choice: int) -> list[str]:
    if wish.behavior.tells:
        seed = (wish.seed, wish.text, choice)
        return sentences(STORY_TOKENS, seed) if wish.tokens is None else story(wish.tokens, seed)
    pieces = tokens("\n".join(_told(results, request)) if results else wish.text)
    if wish.tokens is None:
        return pieces
    if len(pieces) < wish.tokens and pieces:
        again = tokens(f" {wish.text}") or pieces
        pieces += again * (wish.tokens // len(again))
    return pieces[: wish.tokens] if pieces else story(wish.tokens, (wish.seed, choice))


def _told(results: list[ToolResult], request: ChatRequest) -> Iterator[str]:
    names = {call.id: call.name for message in request.messages for call in message.tool_calls}
    for one in results:
        name = one.name or names.get(one.call_id) or one.call_id
        yield f"{name} {'failed with' if one.is_error else 'says'}: {one.text}"


def _limited(blocks: list[Block], finish: FinishReason, request: ChatRequest) -> Answer:
    """Cut an answer at the first stop sequence, then at the limit of its length."""
    stopped_by = None
    if (stopped := _stopped(blocks, request.stop)) is not None:
        blocks, stopped_by = stopped
        finish = FinishReason("stop", "stop_sequence")
    limit = request.max_tokens
    if limit is None or sum(len(block.pieces) for block in blocks) <= limit:
        return Answer(tuple(blocks), finish, stopped_by)
    kept: list[Block] = []
    for block in blocks:
        if limit <= 0:
            break
        kept.append(_cut(block, limit))
        limit -= len(block.pieces)
    return Answer(tuple(kept), FinishReason("length"))


def _stopped(blocks: list[Block], stops: tuple[str, ...]) -> tuple[list[Block], str] | None:
    """What is left before the first stop sequence, and which one it is; None when there is none."""
    for nth, one in enumerate(blocks):
        text = one.block.text if isinstance(one.block, Text) else ""
        places = [(place, stop) for stop in stops if stop and (place := text.find(stop)) >= 0]
        if places:
            place, stop = min(places)
            return [*blocks[:nth], Block(Text(text[:place]), tokens(text[:place]))], stop
    return None


def _cut(block: Block, limit: int) -> Block:
    if len(block.pieces) <= limit:
        return block
    pieces = block.pieces[:limit]
    text = "".join(pieces)
    match block.block:
        case ToolCall():
            return Block(msgspec.structs.replace(block.block, arguments=text), pieces)
        case Reasoning():
            return Block(msgspec.structs.replace(block.block, text=text, signature=None), pieces)
        case Text() | Refusal():
            return Block(msgspec.structs.replace(block.block, text=text), pieces)
