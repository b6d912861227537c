import itertools
from pathlib import Path
from typing import Any

import pytest

from genmux.contract.inputs import MediaRequest
from genmux.contract.local import Pause, Progress
from genmux.contract.manifest import inherit
from genmux.contract.operations import Operation
from genmux.providers.mock import provider
from genmux.providers.mock.engine import MockEngine
from genmux.providers.mock.faults import KIND_FAULTS
from genmux.providers.mock.media import ENDS, MODELS, STEPS
from genmux.providers.mock.script import Fault, Rule, Script, When
from genmux.types.errors import ContentFilteredError, ErrorKind, OverloadedError, RateLimitError, UnsupportedError
from genmux.types.jobs import Completed, Failed, Filtered
from tests.unit.providers.mock.asking import load, played

SPECS = {name: inherit(spec, provider.manifest.model_defaults) for name, spec in provider.manifest.models.items()}
STARTS = {"image": b"\x89PNG", "video": b"\0\0\0\x20ftyp", "music": b"RIFF", "sound": b"RIFF", "speech": b"RIFF"}
EVERY = [(name, operation) for name in MODELS for operation in SPECS[name].operations]


def wanted(folder: Path, prompt: str = "a fox", operation: Operation = "text_to_image", **params: Any) -> MediaRequest:
    return MediaRequest(operation=operation, prompt=prompt, params=params, folder=str(folder))


def made(
    folder: Path, prompt: str = "a fox", *, model: str = "image", options: dict[str, str] | None = None, **fields: Any
) -> list[Any]:
    return [*load(model, options=options).run(wanted(folder, prompt, **fields))]


@pytest.mark.parametrize(("model", "operation"), EVERY)
def test_every_model_makes_a_file_for_each_of_its_operations(model: str, operation: Operation, tmp_path: Path) -> None:
    *before, ended = made(tmp_path, model=model, operation=operation)
    assert before == [*(Progress(step / STEPS) for step in range(STEPS)), Progress(1.0)]
    assert isinstance(ended, Completed)
    (output,) = ended.outputs
    assert output.file is not None
    path = Path(output.file)
    assert path.parent == tmp_path
    assert path.read_bytes().startswith(STARTS[model])
    assert ended.usage.meters[SPECS[model].prices[0].meter] > 0


def test_all_of_the_simulator_is_marked_as_simulated_and_costs_nothing() -> None:
    assert all(spec.simulated for spec in SPECS.values())
    assert all(price.amount == 0 for name in MODELS for price in SPECS[name].prices)


@pytest.mark.parametrize("name", MODELS)
def test_defaults_lie_in_their_own_ranges(name: str) -> None:
    faults = [param.fault(key, param.default) for key, param in SPECS[name].params.items() if param.default is not None]
    assert not any(faults)


def test_as_many_are_made_as_are_asked_for(tmp_path: Path) -> None:
    ended = made(tmp_path, n=3)[-1]
    assert [Path(output.file).name for output in ended.outputs] == ["image-1.png", "image-2.png", "image-3.png"]
    assert ended.usage.meters == {"images.output": 3}
    assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 3


def test_the_seed_of_the_request_comes_before_the_providers(tmp_path: Path) -> None:
    files = {}
    for name, seed, option in (("a", 1, "2"), ("b", 1, "3"), ("c", None, "2"), ("d", None, "3")):
        (tmp_path / name).mkdir()
        made(tmp_path / name, options={"seed": option}, **({"seed": seed} if seed else {}))
        files[name] = (tmp_path / name / "image-1.png").read_bytes()
    assert files["a"] == files["b"]
    assert len({files["a"], files["c"], files["d"]}) == 3


def test_a_directive_slows_it_down_and_is_not_part_of_the_prompt(tmp_path: Path) -> None:
    slow = made(tmp_path, "a fox [mock latency=2 pace=0.5]")
    assert [output.seconds for output in slow if isinstance(output, Pause)] == [0.5] * (4 + STEPS)
    first = (tmp_path / "image-1.png").read_bytes()
    made(tmp_path, "a fox")
    assert (tmp_path / "image-1.png").read_bytes() == first


@pytest.mark.parametrize("kind", sorted(KIND_FAULTS))
def test_every_kind_of_error_can_be_played_in_the_middle(kind: str, tmp_path: Path) -> None:
    seen, error = played(load("video").run(wanted(tmp_path, f"[mock {kind} after=3]")))
    assert error is not None
    assert error.kind is ErrorKind(kind)
    assert seen == [Progress(0.0), Progress(0.1), Progress(0.2)]
    assert list(tmp_path.iterdir()) == []


def test_a_fault_strikes_at_once_where_nobody_says_when(tmp_path: Path) -> None:
    seen, error = played(load("image").run(wanted(tmp_path, "[mock overloaded retry_after=7]")))
    assert isinstance(error, OverloadedError)
    assert (seen, error.retry_after) == ([], 7.0)


def test_a_filtered_and_a_failed_generation_are_no_errors(tmp_path: Path) -> None:
    filtered, failed = made(tmp_path, "[mock filtered]")[-1], made(tmp_path, "[mock failed after=4]")[-1]
    assert filtered == Filtered(
        reason="the content policy forbids the result (played by the simulator)", raw="filtered"
    )
    assert isinstance(failed, Failed)
    assert (failed.kind, failed.code, failed.raw) == (ErrorKind.SERVER, "generation_failed", "failed")
    assert list(tmp_path.iterdir()) == []


def test_what_was_refused_before_it_began_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ContentFilteredError):
        made(tmp_path, "[mock content-filtered]")


def test_a_success_may_have_no_output(tmp_path: Path) -> None:
    assert made(tmp_path, "[mock empty]")[-1] == Completed()


def test_some_outputs_may_be_filtered(tmp_path: Path) -> None:
    ended = made(tmp_path, "[mock partly-filtered]", n=3)[-1]
    assert (len(ended.outputs), ended.filtered) == (2, 1)


def test_an_expired_result_has_an_address_that_died_long_ago(tmp_path: Path) -> None:
    (output,) = made(tmp_path, "[mock expired]")[-1].outputs
    assert output.file is None
    assert output.url == "https://mock.genmux.test/gone/image-1.png"
    assert output.expires_at.year == 2000


def test_a_result_may_not_be_what_it_claims_be_cut_off_or_missing(tmp_path: Path) -> None:
    def data(fault: str) -> bytes | None:
        path = Path(made(tmp_path, f"x [mock {fault}]")[-1].outputs[0].file)
        return path.read_bytes() if path.exists() else None

    made(tmp_path, "x")
    whole = (tmp_path / "image-1.png").read_bytes()
    assert (data("mislabeled") or b"").startswith(b"<html>")
    assert data("truncated") == whole[: len(whole) // 2]
    assert data("missing") is None


def test_a_stuck_generation_waits_until_it_is_closed(tmp_path: Path) -> None:
    outputs = load("image").run(wanted(tmp_path, "[mock stuck after=1]"))
    seen = list(itertools.islice(outputs, 7))
    assert seen == [Progress(0.0), Pause(0.5), Progress(0.1), Pause(0.5), Pause(0.5), Progress(0.1), Pause(0.5)]


def test_an_unknown_fault_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError, match="'nonsense' cannot be played") as caught:
        made(tmp_path, "[mock nonsense]")
    assert all(name in caught.value.message for name in (*ENDS, "stuck", "rate_limit"))


def test_a_script_decides_about_media_too(tmp_path: Path) -> None:
    script = Script(
        rules=(
            Rule(when=When(model="image", contains="fox"), fault=Fault(name="filtered", message="no foxes"), times=1),
            Rule(when=When(contains="owl"), fault="rate_limit"),
        ),
        latency=0.25,
    )
    model = load("image", options={"script": script.as_option()})
    assert [*model.run(wanted(tmp_path))][-1] == Filtered(reason="no foxes", raw="filtered")
    assert isinstance([*model.run(wanted(tmp_path))][-1], Completed)
    assert next(iter(model.run(wanted(tmp_path, "a wren")))) == Pause(0.25)
    with pytest.raises(RateLimitError):
        list(model.run(wanted(tmp_path, "an owl")))


def test_a_share_of_generations_fails_at_random(tmp_path: Path) -> None:
    model = load("image", options={"error_rate": "0.5", "seed": "1"})
    errors = [played(model.run(wanted(tmp_path)))[1] for _ in range(40)]
    assert 8 < sum(error is not None for error in errors) < 32


def test_the_request_is_recorded(tmp_path: Path) -> None:
    engine = MockEngine()
    request = wanted(tmp_path, "a fox", n=2)
    list(load("image", engine=engine).run(request))
    assert [recorded.request for recorded in engine.recorder.requests] == [request]
