"""Forms say in JSON Schema what the checks say in words."""

from typing import Any

import jsonschema
import pytest

from genmux.flows.job.forms import HINTS, form_of
from tests.unit.services.checks.test_generations import MODEL

FORM = form_of(MODEL, "image_to_video", ("text_to_video", "image_to_video"))
IMAGE = "https://x.example/a.png"


def test_a_form_is_a_schema_with_hints() -> None:
    jsonschema.Draft202012Validator.check_schema(FORM.json_schema)
    properties = FORM.json_schema["properties"]
    assert set(properties) == {"prompt", "image", "last_image", "duration", "resolution"}
    assert properties["prompt"][HINTS]["widget"] == "textarea"
    assert properties["image"][HINTS]["accept"] == ["image/*"]
    assert FORM.json_schema["required"] == ["prompt", "image"]


@pytest.mark.parametrize(
    ("document", "fits"),
    [
        ({"prompt": "a", "image": IMAGE}, True),
        ({"prompt": "a"}, False),
        ({"prompt": "a", "image": IMAGE, "duration": 7}, False),
        ({"prompt": "a", "image": IMAGE, "colour": "red"}, False),
        ({"prompt": "a", "image": IMAGE, "resolution": "1080p", "duration": 10}, False),
        ({"prompt": "a", "image": IMAGE, "resolution": "1080p", "duration": 5}, True),
        ({"prompt": "a", "image": IMAGE, "last_image": IMAGE, "resolution": "1080p"}, False),
        ({"prompt": "a", "image": IMAGE, "last_image": IMAGE, "resolution": "720p"}, True),
    ],
)
def test_the_schema_takes_what_the_model_takes(document: dict[str, Any], fits: bool) -> None:
    assert jsonschema.Draft202012Validator(FORM.json_schema).is_valid(document) is fits
