"""What is checked: one wire of a provider, with a request that it can take and the personality that it speaks to."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from genmux.contract.http import FileBody
from genmux.contract.inputs import MediaInput, MediaRequest
from genmux.contract.jobs import JobWire, StreamsMedia
from genmux.contract.manifest import inherit
from genmux.contract.model import Model
from genmux.contract.operations import OUTPUTS, Operation
from genmux.contract.params import Carriage, InputParam, Param
from genmux.contract.provider import Provider
from genmux.testing.simulator.media.files import picture, sample
from genmux.types.errors import UnsupportedError
from genmux.types.generation import InputRole

PROMPT = "A lighthouse at dusk."
SAMPLES = {
    "image": "image/png",
    "video": "video/mp4",
    "audio": "audio/wav",
    "document": "text/plain",
    "text": "text/plain",
}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One wire of a provider. `personality` is the name (or the module) of what it speaks to in the simulator.

    `model` and `operation` use the wire; `params` are what the request says beside the defaults of the manifest.
    """

    provider: Provider
    wire_name: str
    model: Model
    operation: Operation
    personality: str
    params: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def id(self) -> str:
        """By which tests name it."""
        several = len(job_wires(self.provider)) > 1
        return f"{self.provider.id}/{self.wire_name}" if several else self.provider.id

    @property
    def wire(self) -> JobWire:
        """The wire."""
        return self.provider.wires[self.wire_name]

    @property
    def blocks(self) -> bool:
        """Whether every submission waits for the end, so that there is nothing to poll."""
        try:
            next(self.wire.poll({}))
        except UnsupportedError:
            return self.provider.manifest.jobs.pollable
        except Exception:  # noqa: BLE001 — an empty ticket says nothing to those that do poll
            return False
        return False

    @property
    def polls(self) -> bool:
        """Whether a job can be asked for."""
        return self.provider.manifest.jobs.pollable and not self.blocks

    @property
    def makes(self) -> str:
        """The first half of the media type of what it makes; `text` where that is a transcript, which comes as JSON."""
        return OUTPUTS.get(self.operation, "text")

    @property
    def inputs(self) -> dict[InputRole, InputParam]:
        """The inputs of the operation, by role."""
        return {role: one for role, one in self.model.spec.inputs.items() if _is_for(one.operations, self.operation)}

    def credential(self, *, webhook_secret: str) -> dict[str, str]:
        """A credential that means nothing: what is required, or the first field where one of several is enough.

        A field `webhook_secret` is what the simulator signs webhooks with.
        """
        fields = self.provider.manifest.credentials
        needed = [name for name, one in fields.items() if one.required] or [*fields][:1]
        found = {name: f"simulated-{name}" for name in needed}
        return found | ({"webhook_secret": webhook_secret} if "webhook_secret" in fields else {})

    def request(self, folder: Path, *, carriage: Carriage | None = None) -> MediaRequest:
        """A request that has what is required; inputs are given by `carriage` where they can be, and then all of them are."""
        params = {name: value for name, one in self._params() if (value := _value(one)) is not None}
        inputs = [
            _input(role, one, carriage if carriage in one.carriage else one.carriage[0], folder)
            for role, one in self.inputs.items()
            if one.required or (carriage is not None and carriage in one.carriage)
        ]
        prompt = PROMPT if self.operation != "upscale" else ""
        return MediaRequest(
            operation=self.operation, prompt=prompt, params={**params, **self.params}, inputs=tuple(inputs)
        )

    def _params(self) -> Iterator[tuple[str, Param]]:
        for name, one in self.model.spec.params.items():
            if one.supported and name != "prompt" and _is_for(one.operations, self.operation):
                yield name, one


def subjects_of(provider: Provider, personality: str) -> list[Subject]:
    """One subject for each wire of jobs that a model of the provider uses."""
    found: dict[str, Subject] = {}
    manifest, wires = provider.manifest, job_wires(provider)
    specs = {name: inherit(spec, manifest.model_defaults) for name, spec in manifest.models.items()}
    for name, spec in (specs or {"sample": manifest.model_defaults}).items():
        for operation, wire in spec.operations.items():
            if wire in wires and wire not in found:
                model = Model(provider=provider.id, id=name, wire_id=spec.wire_id or name, spec=spec)
                found[wire] = Subject(
                    provider=provider, wire_name=wire, model=model, operation=operation, personality=personality
                )
    return list(found.values())


def job_wires(provider: Provider) -> dict[str, JobWire]:
    """The wires of jobs, by name."""
    return {
        name: wire for name, wire in provider.wires.items() if hasattr(wire, "submitted") and hasattr(wire, "prepare")
    }


def streams(subject: Subject) -> bool:
    """Whether the wire streams unfinished pictures."""
    return isinstance(subject.wire, StreamsMedia)


def _is_for(operations: tuple[Operation, ...], operation: Operation) -> bool:
    return not operations or operation in operations


def _value(param: Param) -> Any:
    """The default of a parameter, or something that it takes where it is required."""
    if param.default is not None or not param.required:
        return param.default
    if param.choices:
        return param.choices[0]
    low = param.min or 1
    return {"string": "sample", "integer": int(low), "number": low, "boolean": False, "array": [], "object": {}}[
        param.type
    ]


def _input(role: InputRole, param: InputParam, carriage: Carriage, folder: Path) -> MediaInput:
    media_type = param.media_types[0] if param.media_types else SAMPLES[param.kind]
    data = picture(b"\x30\x60\x90", 512) if media_type == "image/png" else sample(media_type)
    facts: dict[str, Any] = {"kind": param.kind, "role": role, "media_type": media_type, "bytes": len(data)}
    if param.kind == "image":
        facts |= {"width": 512, "height": 512}
    match carriage:
        case "url":
            return MediaInput(url=f"https://files.example/{role}", **facts)
        case "data_uri":
            return MediaInput(url=f"data:{media_type};base64,{base64.b64encode(data).decode()}", **facts)
        case "file":
            path = folder / f"{role}.{media_type.rpartition('/')[2]}"
            path.write_bytes(data)
            file = FileBody(path=str(path), size=len(data), media_type=media_type, name=path.name)
            return MediaInput(file=file, **facts)
