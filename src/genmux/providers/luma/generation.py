"""A generation as Luma tells it, in replies, lists and callbacks alike."""

import datetime
from collections.abc import Iterator
from typing import Any

import msgspec

from genmux.types.assets import Output
from genmux.types.jobs import Ticket

OPERATIONS = {"modify_video": "video_to_video", "reframe_video": "video_to_video", "reframe_image": "image_to_image"}
"""Our operations by Luma's `generation_type`, where that says it all."""


class Assets(msgspec.Struct, frozen=True):
    """What was made. The progress video shows how it came about."""

    image: str | None = None
    video: str | None = None
    progress_video: str | None = None


class Generation(msgspec.Struct, frozen=True):
    """One generation; `request` is what was asked for, as Luma repeats it."""

    id: str
    state: str | None = None
    failure_reason: str | None = None
    created_at: datetime.datetime | None = None
    model: str | None = None
    generation_type: str | None = None
    assets: Assets | None = None
    request: dict[str, Any] | None = None

    @property
    def ticket(self) -> Ticket:
        """By which it is asked for."""
        return {"id": self.id}

    @property
    def created(self) -> datetime.datetime | None:
        """When it was asked for; times without a zone are in UTC."""
        moment = self.created_at
        return moment if moment is None or moment.tzinfo else moment.replace(tzinfo=datetime.UTC)

    @property
    def outputs(self) -> tuple[Output, ...]:
        """What was made, and a preview where there is one."""
        made = self.assets or Assets()
        outputs = tuple(Output(url=one) for one in (made.video, made.image) if one)
        return (*outputs, Output(url=made.progress_video, role="preview")) if made.progress_video else outputs

    @property
    def operation(self) -> str | None:
        """What was done, as far as what was asked for tells it."""
        asked = self.request or {}
        kind = asked.get("generation_type") or self.generation_type
        changed = asked.get("keyframes") or asked.get("modify_image_ref")
        if kind in {"video", "image"}:
            return f"{'image' if changed else 'text'}_to_{kind}"
        return OPERATIONS.get(str(kind))

    @property
    def sources(self) -> tuple[str, ...]:
        """The addresses of what went in."""
        return tuple(dict.fromkeys(_addresses(self.request or {})))

    @property
    def continues(self) -> dict[str, Any]:
        """The generations from which it goes on, by the frame that they stand for."""
        frames: dict[str, Any] = (self.request or {}).get("keyframes") or {}
        return {name: one["id"] for name, one in frames.items() if isinstance(one, dict) and one.get("id")}


class Page(msgspec.Struct, frozen=True):
    """One page of a list."""

    generations: tuple[Generation, ...]
    has_more: bool | None = None


GENERATION = msgspec.json.Decoder(Generation)
PAGE = msgspec.json.Decoder(Page)


def _addresses(asked: dict[str, Any]) -> Iterator[str]:
    """Every `url` in a request, in its order; where it shall call back is none."""
    for name, value in asked.items():
        match value:
            case str() if name == "url":
                yield value
            case dict():
                yield from _addresses(value)
            case list():
                for one in value:
                    yield from _addresses(one) if isinstance(one, dict) else [one] if name == "images" else []
            case _:
                continue
