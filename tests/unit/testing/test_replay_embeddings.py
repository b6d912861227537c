"""Embeddings are replayed as chat is."""

from typing import Any

import pytest

from tests.unit.testing.recorded_exchanges import (
    ASK,
    ERROR,
    Record,
    replay_one,
    reply,
)

ASK_EMBEDDINGS: dict[str, Any] = {**ASK, "path": "/v1/embeddings", "json": {"model": "e", "input": ["a", "b"]}}


def vectors(*embeddings: Any, **more: Any) -> dict[str, Any]:
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(embeddings)]
    return {"object": "list", "data": data, "model": "e", "usage": {"prompt_tokens": 4, "total_tokens": 4}, **more}


@pytest.mark.parametrize("ask", [ASK_EMBEDDINGS, None])
@pytest.mark.parametrize(
    "embeddings", [([0.5, 1], [0, -2]), ("AAAAPwAAgD8=", "AAAAAAAAAMA=")], ids=["numbers", "packed"]
)
def test_embeddings_go_round_and_show_what_they_took(
    record: Record, ask: dict[str, Any] | None, embeddings: tuple[Any, ...]
) -> None:
    answer = vectors(*embeddings, novelty=1)
    outcome = replay_one(record, {"request": ask, "response": reply(json=answer)}, api="openai-embeddings")

    assert (outcome.status, outcome.request_round_trip, outcome.response_round_trip) == ("ok", ask and True, True)
    assert outcome.result is not None
    assert (outcome.result.usage["input"], outcome.result.finish) == (4, None)


def test_each_provider_packs_vectors_in_its_own_way(record: Record) -> None:
    exchange = {"request": ASK_EMBEDDINGS, "response": reply(json=vectors("/wEC", "AAEC")), "provider": "perplexity"}

    assert replay_one(record, exchange).response_round_trip is True


@pytest.mark.parametrize(
    ("answer", "status", "kind"),
    [(reply(429, json=ERROR), "ok", "rate_limit"), (reply(json=ERROR), "ok", "rate_limit"),
     (reply(json=vectors([1])), "failed", "malformed_reply")],
)  # fmt: skip
def test_errors_of_embeddings_are_understood(record: Record, answer: dict[str, Any], status: str, kind: str) -> None:
    outcome = replay_one(record, {"request": ASK_EMBEDDINGS, "response": answer})

    assert (outcome.status, outcome.error and outcome.error.kind, outcome.response_round_trip) == (status, kind, None)


def test_a_request_for_embeddings_that_we_refuse_is_told(record: Record) -> None:
    ask = {**ASK_EMBEDDINGS, "json": {"model": "e", "input": []}}
    outcome = replay_one(record, {"request": ask, "response": reply(json=vectors([1.0]))})

    assert (outcome.status, outcome.request_round_trip) == ("ok", False)
    assert outcome.differences[0].startswith("request: not accepted: ")
