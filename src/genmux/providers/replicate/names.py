"""What the models at Replicate call what we call otherwise, and which parameters are headers.

From the input schemas on the models' pages (replicate.com/OWNER/NAME/api/schema), read on 2026-11-27.
"""

from genmux.contract.media_writing import Fields
from genmux.contract.model import Model

HEADERS = {"wait": ("prefer", "wait={:g}"), "cancel_after": ("cancel-after", "{:g}s")}
"""Parameters that go into a header of the request, and how."""

BASE = Fields()

MODELS: dict[str, Fields] = {}


def fields_of(model: Model) -> Fields:
    """The table of a model. One that is not listed has its own names for parameters; its inputs are called by their role."""
    return MODELS.get(model.id, BASE)
