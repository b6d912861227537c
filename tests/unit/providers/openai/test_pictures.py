"""Pictures at OpenAI, against its simulated API."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import PartialOutput, StreamsMedia
from genmux.contract.operations import Operation
from genmux.engine.permit import Permit
from genmux.engine.retry import ONCE
from genmux.types.errors import ContentFilteredError, ProviderError, RateLimitError, ServerError
from genmux.types.jobs import Completed
from tests.unit.providers.simulated import REGISTRY, Life, defaults_of, model_of, prepared

Begin = Callable[..., Awaitable[Life]]
NAME = "gpt-image-2.5-flare"
DRAWN: tuple[str, Operation] = (NAME, "text_to_image")
OPENAI = REGISTRY.load("openai")


def test_every_model_of_pictures_takes_them_by_upload_with_a_mask() -> None:
    drawing = {name: model_of(OPENAI, name).spec for name in OPENAI.manifest.models if "image" in name}
    assert len(drawing) == 8
    for name, spec in drawing.items():
        assert set(spec.operations) == {"text_to_image", "image_to_image", "edit_image"}, name
        assert spec.inputs["mask"].carriage[0] == "file", name
        assert "temperature" not in spec.params, name
    assert not model_of(OPENAI, "gpt-image-2").spec.params["complexity"].supported


def test_the_end_user_is_told_as_openai_wants_it() -> None:
    request = MediaRequest(operation="text_to_image", prompt="a cat", user="u1")
    assert prepared(OPENAI, NAME, request).body["safety_identifier"] == "u1"


async def test_pictures_are_there_when_the_submission_is_answered(life: Begin) -> None:
    openai = await life("openai")
    state = await openai.submit(*DRAWN, "a cat [[work 0.05]]", n=2, format="webp")
    assert isinstance(state, Completed)
    assert [(output.media_type, bool(output.data)) for output in state.outputs] == [("image/webp", True)] * 2
    assert state.usage.meters["tokens.output.image"] == 2112
    assert len(openai.simulator.bills()) == 1


async def test_a_picture_and_its_mask_go_up_as_a_form(life: Begin, tmp_path: Path) -> None:
    openai = await life("openai")
    file = tmp_path / "cat.png"
    file.write_bytes(b"\x89PNG\r\n\x1a\n")
    body = FileBody(path=str(file), size=8, media_type="image/png", name="cat.png")
    inputs = (MediaInput(kind="image", role="image", file=body), MediaInput(kind="image", role="mask", file=body))
    state = await openai.submit(NAME, "edit_image", "a hat [[work 0]]", inputs=inputs)
    assert isinstance(state, Completed)
    (job,) = openai.simulator.people["openai"].desk.jobs.values()
    assert job.operation == "edit_image"


async def test_unfinished_pictures_come_before_the_finished_one(life: Begin) -> None:
    openai = await life("openai")
    model, wire = model_of(openai.provider, NAME), openai.wire(*DRAWN)
    assert isinstance(wire, StreamsMedia)
    params = defaults_of(model, "text_to_image") | {"partial_images": 2}
    ready = prepared(
        openai.provider, NAME, MediaRequest(operation="text_to_image", prompt="a cat [[work 0.05]]", params=params)
    )
    stream = await openai.engine.open(
        openai.provider,
        openai.credential,
        wire.submit_stream(ready, "key-1"),
        base_url=openai.base_url,
        policy=ONCE,
        permit=Permit(),
    )
    reader = wire.media_reader(ready)
    parts = [part async for events in stream for event in events for part in reader.feed(event)]
    assert [type(part) for part in parts] == [PartialOutput, PartialOutput]
    (state,) = reader.close()
    assert isinstance(state, Completed)
    assert state.usage.meters["tokens.output.image"] == 1056


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("filtered", ContentFilteredError),
        ("failed", ServerError),
        ("refused-content", ContentFilteredError),
        ("slots-full", RateLimitError),
        ("error-200", ProviderError),
    ],
)
async def test_what_goes_wrong_is_told_by_its_kind(life: Begin, told: str, expected: type[ProviderError]) -> None:
    openai = await life("openai")
    with pytest.raises(expected):
        await openai.submit(*DRAWN, f"a cat [[{told}]] [[work 0]]")
