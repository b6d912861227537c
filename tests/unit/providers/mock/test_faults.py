import pytest

from genmux.contract.error_kinds import RETRY_BY_KIND
from genmux.contract.local import Pause
from genmux.providers.mock.directive import Directive, read_directive, split
from genmux.providers.mock.faults import AT_RANDOM, KIND_FAULTS
from genmux.types.embed import EmbedRequest
from genmux.types.errors import (
    ConfigurationError,
    ErrorKind,
    InvalidRequestError,
    ProviderError,
    RateLimitError,
    Retry,
    ServerError,
    UnsupportedError,
)
from genmux.types.parts import Finish, Start, TextDelta
from tests.unit.providers.mock.asking import ask, load, outputs, played, said


@pytest.mark.parametrize("kind", ErrorKind)
def test_every_kind_of_error_can_be_played(kind: ErrorKind) -> None:
    with pytest.raises(ProviderError) as caught:
        ask(f"[mock fault={kind} retry_after=1.5] hello")
    error = caught.value
    assert error.kind is kind
    assert error.retry is RETRY_BY_KIND.get(kind, Retry.NEVER)
    assert error.retry_after == 1.5
    assert (error.provider, error.model, error.code) == ("mock", "echo", KIND_FAULTS[kind].code)


def test_the_verdict_on_retries_can_be_wished_for() -> None:
    with pytest.raises(ServerError) as caught:
        ask("[mock fault=server retry=safe]")
    assert caught.value.retryable


def test_a_fault_strikes_after_as_many_tokens_as_it_is_told() -> None:
    seen, error = played(load().run(said("one two three four [mock fault=rate_limit after=3]")))
    assert isinstance(error, RateLimitError)
    assert isinstance(seen[0], Start)
    assert [part.text for part in seen if isinstance(part, TextDelta)] == ["one", " two", " three"]


def test_a_fault_that_is_due_after_more_tokens_than_there_are_strikes_before_the_end() -> None:
    seen, error = played(load().run(said("one two [mock fault=server after=99]")))
    assert isinstance(error, ServerError)
    assert not [part for part in seen if isinstance(part, Finish)]


def test_a_fault_of_the_wire_cannot_be_played_without_a_wire() -> None:
    with pytest.raises(UnsupportedError, match="'half_chunk' cannot be played inside the process"):
        ask("[mock half-chunk]")


def test_the_name_of_a_model_can_be_a_fault() -> None:
    with pytest.raises(RateLimitError):
        ask("hello", model="fault-rate-limit")
    with pytest.raises(RateLimitError):
        ask("hello", model="fault-rate_limit")


def test_embeddings_can_fail_too() -> None:
    with pytest.raises(RateLimitError):
        [*load("embed").run(EmbedRequest(model="embed", inputs=("[mock rate_limit]",)))]
    outputs = [*load("embed", options={"latency": "2"}).run(EmbedRequest(model="embed", inputs=((1, 2),)))]
    assert outputs[0] == Pause(2)


def test_latency_and_pace_become_pauses() -> None:
    parts = outputs("[mock latency=1 pace=0.1] one two three")
    assert [part.seconds for part in parts if isinstance(part, Pause)] == [1, 0.1, 0.1]


def test_a_directive_wins_over_options_and_is_no_part_of_the_text() -> None:
    parts = outputs("hi [mock latency=1] there", options={"latency": "5"})
    assert parts[0] == Pause(1)
    assert "".join(part.text for part in parts if isinstance(part, TextDelta)) == "hi there"


def test_directives_are_read_from_anywhere_in_the_text() -> None:
    assert split("a [mock rate-limit after=2] b [mock retry_after=0.5 form=ms]") == (
        "a b",
        Directive(fault="rate_limit", after=2, retry_after=0.5, form="ms"),
    )
    assert split("no directive [in here]") == ("no directive [in here]", Directive())


@pytest.mark.parametrize("words", ["nope=1", "after=x", "pace=-1", "tokens=99999999", "retry=perhaps", "form=fax"])
def test_a_directive_that_is_not_understood_is_an_error_that_lists_the_words(words: str) -> None:
    with pytest.raises(InvalidRequestError, match="it may say fault, after, latency"):
        read_directive(words)


def failures(rate: str, seed: str, count: int = 200) -> list[str | None]:
    model = load(options={"error_rate": rate, "seed": seed})
    errors = [played(model.run(said("x")))[1] for _ in range(count)]
    return [error.kind if error else None for error in errors]


def test_errors_are_drawn_at_their_rate_and_the_seed_repeats_them() -> None:
    drawn = failures("0.25", "7")
    assert 30 <= sum(kind is not None for kind in drawn) <= 70
    assert {kind for kind in drawn if kind} == {*AT_RANDOM}
    assert drawn == failures("0.25", "7")
    assert drawn != failures("0.25", "8")
    assert not any(failures("0", "7", 20))
    assert all(failures("1", "7", 20))


@pytest.mark.parametrize(
    ("name", "value"), [("latency", "soon"), ("error_rate", "2"), ("pace", "-1"), ("tokens", "1.5")]
)
def test_an_option_that_is_wrong_is_an_error_that_names_it(name: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=f"an option of the provider mock is wrong: .*{name}"):
        load(options={name: value})


def test_options_of_others_are_ignored() -> None:
    assert load(options={"api_key": "x"}).name == "echo"
