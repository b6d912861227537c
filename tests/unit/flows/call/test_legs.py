"""However many models and accounts there are, a request is sent only so often, and only where that is harmless."""

import pytest

from genmux.flows.call.options import CallOptions
from genmux.types.errors import (
    AuthenticationError,
    InvalidRequestError,
    NetworkError,
    OverloadedError,
    ProviderError,
    QuotaExceededError,
    RateLimitError,
    RequestTimeoutError,
    ServerError,
)
from genmux.types.routes import Route
from tests.fake_transport import Played
from tests.unit.flows.call.house import answer, failing, request
from tests.unit.flows.call.roads import Town

MODELS = ("acme/one", "bolt/one", "core/one")
CROWDS = [(1, 0), (1, 1), (1, 3), (2, 2), (3, 0), (3, 1), (3, 3)]
"""So many models, and so many accounts of each of their providers."""

SAFE = {
    "overloaded": failing(503, "overloaded"),
    "refused connection": Played(error=NetworkError("refused", retry="safe")),
}
ROTATING = {
    "rate limit": failing(429, "slow down"),
    "told rate limit": failing(429, "slow down", **{"retry-after": "2"}),
}
ELSEWHERE = {"wrong key": failing(401, "bad key"), "no credit": failing(402, "pay"), "gone": failing(404, "no model")}
FINAL = {
    "server error": failing(500, "oops"),
    "broken connection": Played(error=NetworkError("reset", retry="unsure")),
    "bad request": failing(400, "bad"),
}


def towns(models: int, accounts: int, failure: Played, route: Route | None = None) -> Town:
    """A town in which everything fails so."""
    town = Town({"r": route or Route(models=MODELS[:models])}, accounts=accounts)
    for model in MODELS:
        town.plays(model, failure)
    return town


async def ask(town: Town, options: CallOptions, name: str = "route/r") -> ProviderError:
    """The error of a request that fails."""
    with pytest.raises(ProviderError) as caught:
        await town.app.calls.chat(request(name=name), options)
    return caught.value


@pytest.mark.parametrize("retries", [0, 1, 4])
@pytest.mark.parametrize(("models", "accounts"), CROWDS)
@pytest.mark.parametrize("failure", SAFE.values(), ids=SAFE)
async def test_what_was_not_accepted_is_sent_as_often_as_retries_say_over_all_models_and_accounts(
    failure: Played, models: int, accounts: int, retries: int
) -> None:
    town = towns(models, accounts, failure)

    error = await ask(town, CallOptions(retries=retries))

    assert len(town.sent) == max(retries + 1, models)
    assert error.attempts == len(town.sent)
    assert set(town.models) == set(MODELS[:models])


@pytest.mark.parametrize("retries", [0, 1, 4])
@pytest.mark.parametrize(("models", "accounts"), CROWDS)
@pytest.mark.parametrize("failure", ROTATING.values(), ids=ROTATING)
async def test_rate_limits_use_other_accounts_but_no_more_attempts(
    failure: Played, models: int, accounts: int, retries: int
) -> None:
    town = towns(models, accounts, failure)

    await ask(town, CallOptions(retries=retries))

    assert len(town.sent) == max(retries + 1, models)
    assert len(set(town.sent)) == min(len(town.sent), max(accounts, 1) * models)
    assert set(town.models) == set(MODELS[:models])


@pytest.mark.parametrize("retries", [0, 9])
@pytest.mark.parametrize(("models", "accounts"), CROWDS)
@pytest.mark.parametrize("failure", ELSEWHERE.values(), ids=ELSEWHERE)
async def test_a_refusal_for_good_goes_once_to_each_model_and_account_at_most(
    failure: Played, models: int, accounts: int, retries: int
) -> None:
    town = towns(models, accounts, failure)

    await ask(town, CallOptions(retries=retries))

    assert len(town.sent) == len(set(town.sent))
    assert len(town.sent) <= max(retries + 1, models)
    assert set(town.models) == set(MODELS[:models])


@pytest.mark.parametrize(("models", "accounts"), CROWDS)
@pytest.mark.parametrize("failure", FINAL.values(), ids=FINAL)
async def test_what_may_be_billed_or_is_wrong_is_sent_once(failure: Played, models: int, accounts: int) -> None:
    town = towns(models, accounts, failure)

    await ask(town, CallOptions(retries=5))

    assert len(town.sent) == 1


@pytest.mark.parametrize("accounts", [0, 1, 3])
@pytest.mark.parametrize("attempts", [1, 2, 3, 6])
@pytest.mark.parametrize("failure", [SAFE["overloaded"], ROTATING["rate limit"]], ids=["overloaded", "rate limit"])
async def test_a_route_may_say_how_often_a_request_is_sent(failure: Played, attempts: int, accounts: int) -> None:
    town = towns(2, accounts, failure, Route(models=MODELS[:2], attempts=attempts))

    await ask(town, CallOptions(retries=0))

    assert len(town.sent) == attempts


async def test_a_refused_key_takes_an_attempt_too() -> None:
    town = towns(3, 0, ELSEWHERE["wrong key"], Route(models=MODELS, attempts=1))

    await ask(town, CallOptions())

    assert town.models == ["acme/one"]


async def test_unsure_failures_go_on_only_where_that_is_asked_for() -> None:
    unsure = FINAL["server error"]
    town = towns(3, 0, unsure, Route(models=MODELS, retry_unsure=True))
    await ask(town, CallOptions(retries=5))
    assert town.models == [*MODELS]  # each once: to fall back is not to repeat

    town = towns(2, 0, unsure)
    await ask(town, CallOptions(retries=3, retry_unsure=True))
    assert town.models == ["acme/one", "bolt/one", "acme/one", "bolt/one"]


async def test_models_are_repeated_in_turn_after_all_of_them_failed() -> None:
    town = towns(2, 0, SAFE["overloaded"])
    town.plays("acme/one", SAFE["overloaded"], answer("at last"))

    result = await town.app.calls.chat(request(name="route/r"), CallOptions(retries=2))

    assert town.models == ["acme/one", "bolt/one", "acme/one"]
    assert (result.text, result.attempts, len(town.clock.waits)) == ("at last", 3, 1)
    assert [(step.model, step.outcome) for step in result.steps] == [
        ("acme/one", "failed"),
        ("bolt/one", "failed"),
        ("acme/one", "answered"),
    ]


async def test_the_model_that_is_back_the_soonest_is_asked_again() -> None:
    town = towns(2, 0, answer())
    town.plays("acme/one", failing(429, "slow down", **{"retry-after": "40"}))
    town.plays("bolt/one", failing(429, "slow down", **{"retry-after": "3"}), answer())

    await town.app.calls.chat(request(name="route/r"))

    assert town.models == ["acme/one", "bolt/one", "bolt/one"]
    assert town.clock.waits == [3.0]


async def test_nobody_waits_longer_than_a_minute_or_than_there_is_time() -> None:
    town = towns(2, 0, failing(429, "slow down", **{"retry-after": "61"}))
    await ask(town, CallOptions(retries=5))
    assert (len(town.sent), town.clock.waits) == (2, [])

    town = towns(2, 0, failing(429, "slow down", **{"retry-after": "5"}))
    await ask(town, CallOptions(retries=5, timeout=4))
    assert (len(town.sent), town.clock.waits) == (2, [])


async def test_all_legs_share_the_time_of_the_request() -> None:
    town = towns(3, 0, SAFE["overloaded"])
    timeouts: list[float | None] = []
    send = town.roads.open

    async def slow(http: object, *, timeouts: object) -> object:
        told.append(timeouts.total)  # type: ignore[attr-defined]
        town.clock.now += 4
        return await send(http, timeouts=timeouts)  # type: ignore[arg-type]

    told = timeouts
    town.roads.open = slow  # type: ignore[method-assign, assignment]

    await ask(town, CallOptions(timeout=10))

    assert told == [10, 6, 2]


# ---- accounts


async def test_a_single_account_is_waited_for_as_without_accounts() -> None:
    for failure in (failing(429, "slow down", **{"retry-after": "2"}), failing(503, "overloaded")):
        town = Town(accounts=1)
        town.plays("acme/one", failure, failure, answer("there"))

        result = await town.app.calls.chat(request(), CallOptions(retries=2))

        assert (result.text, result.attempts, result.account) == ("there", 3, "a0")
        assert len(town.clock.waits) == 2


async def test_a_single_account_with_slots_is_waited_for_too() -> None:
    town = Town(accounts=1)
    settings = town.app.settings.providers["acme"].accounts
    assert "a0" in settings
    town.plays("acme/one", failing(429, "slow down", **{"retry-after": "2"}), answer("there"))
    (standing,) = town.app.accounts._configured_of("acme")  # noqa: SLF001
    standing.plain = False  # as where it has a cap, a balance, or failed before

    result = await town.app.calls.chat(request(), CallOptions(retries=1))

    assert (result.text, result.attempts) == ("there", 2)
    assert sum(town.clock.waits) == pytest.approx(2.0)


async def test_where_all_accounts_pause_the_one_that_is_back_first_is_waited_for() -> None:
    town = Town(accounts=2)
    town.plays("acme/one k0", failing(429, "slow down", **{"retry-after": "30"}))
    town.plays("acme/one k1", failing(429, "slow down", **{"retry-after": "3"}), answer("there"))

    result = await town.app.calls.chat(request(), CallOptions(retries=2))

    assert town.sent == ["acme/one k0", "acme/one k1", "acme/one k1"]
    assert (result.account, sum(town.clock.waits)) == ("a1", pytest.approx(3.0))
    assert [(step.account, step.outcome) for step in result.steps] == [
        ("a0", "failed"),
        ("a1", "failed"),
        ("a1", "answered"),
    ]


async def test_without_retries_nobody_waits_for_accounts_that_pause() -> None:
    town = Town(accounts=1)
    town.plays("acme/one", failing(429, "slow down", **{"retry-after": "9"}), answer())
    await ask(town, CallOptions(retries=0), "acme/one")

    error = await ask(town, CallOptions(retries=0), "acme/one")

    assert isinstance(error, RateLimitError)
    assert (len(town.sent), town.clock.waits) == (1, [])


async def test_another_account_is_tried_before_another_model() -> None:
    town = Town({"r": Route(models=MODELS[:2])}, accounts=2)
    town.plays("acme/one", failing(402, "no credit"))

    result = await town.app.calls.chat(request(name="route/r"))

    assert town.sent == ["acme/one k0", "acme/one k1", "bolt/one k0"]
    assert result.account == "a0"


async def test_a_model_whose_accounts_all_pause_is_skipped_without_being_sent() -> None:
    town = Town({"r": Route(models=MODELS[:2])}, accounts=2)
    town.plays("acme/one", failing(429, "slow down", **{"retry-after": "50"}))
    await town.app.calls.chat(request(name="route/r"))

    result = await town.app.calls.chat(request(name="route/r"))

    assert town.models == ["acme/one", "acme/one", "bolt/one", "bolt/one"]
    assert [(step.model, step.outcome) for step in result.steps] == [("acme/one", "skipped"), ("bolt/one", "answered")]


async def test_other_accounts_never_cost_a_model_its_turn() -> None:
    town = Town({"r": Route(models=MODELS)}, accounts=3)
    town.plays("acme/one", failing(402, "no credit"))
    town.plays("bolt/one", failing(402, "no credit"))

    result = await town.app.calls.chat(request(name="route/r"), CallOptions(retries=3))

    assert town.sent == ["acme/one k0", "acme/one k1", "bolt/one k0", "core/one k0"]
    assert result.attempts == 4


async def test_accounts_get_back_what_they_gave() -> None:
    town = towns(3, 3, ROTATING["rate limit"])

    await ask(town, CallOptions(retries=9))

    for name in ("acme", "bolt", "core"):
        assert [one.in_flight for one in town.app.accounts._configured_of(name)] == [0, 0, 0]  # noqa: SLF001


async def test_a_caller_with_a_key_of_its_own_uses_no_account() -> None:
    town = Town(accounts=2)
    town.plays("acme/one", failing(429), answer())

    result = await town.app.calls.chat(request(), CallOptions(credential={"api_key": "mine"}))

    assert town.sent == ["acme/one mine", "acme/one mine"]
    assert result.account is None


# ---- what is told


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (failing(401), AuthenticationError),
        (failing(402), QuotaExceededError),
        (failing(429), RateLimitError),
        (failing(503, "overloaded"), OverloadedError),
    ],
)
async def test_the_failure_of_the_model_that_was_asked_last_is_told(failure: Played, kind: type[ProviderError]) -> None:
    town = towns(2, 0, SAFE["refused connection"])
    town.plays("bolt/one", failure)

    error = await ask(town, CallOptions(retries=0))

    assert type(error) is kind
    assert (error.provider, error.attempts) == ("bolt", 2)


async def test_a_bad_request_is_no_reason_to_ask_somebody_else() -> None:
    assert isinstance(await ask(towns(3, 3, failing(400)), CallOptions()), InvalidRequestError)
    assert isinstance(await ask(towns(3, 3, failing(500)), CallOptions()), ServerError)


async def test_the_time_that_is_over_is_told_as_such() -> None:
    town = towns(2, 0, Played(error=RequestTimeoutError("late", retry="unsure")))

    assert isinstance(await ask(town, CallOptions(timeout=20)), RequestTimeoutError)
