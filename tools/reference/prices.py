"""Price rows: their fields, meters and conditions, where prices come from, and what the media catalogue holds."""

from collections import Counter

from genmux.services.prices import MediaCatalogue
from genmux.services.prices.units import METERS
from genmux.types.conditions import CONDITIONS
from genmux.types.money import Price
from tools.reference.markdown import heading, table

FAMILIES = {
    "calls": "calls of anything that costs by the call; `calls` alone is a fee for each request",
    "characters": "characters of text",
    "credits": "a provider's own credits that have a price in money",
    "images": "images",
    "meshes": "three-dimensional models",
    "messages": "text messages in a session",
    "pages": "pages of documents",
    "pixels": "pixels of images",
    "seconds": "seconds of sound, of video, or of a session",
    "storage": "gigabytes kept for a day",
    "tokens": "tokens; cached and spoken ones are in those of input and output",
    "tracks": "pieces of music",
    "units": "what a guardrail counts",
}
"""What each family of meters counts."""

EXAMPLE = """
```toml
[[prices."runway/gen5"]]
meter = "seconds.output.video"
amount = "0.10"
round_to = 1
minimum = 2

[[prices."runway/gen5"]]
meter = "seconds.output.video"
amount = "0.20"
when = { resolution = "1080p" }
```
"""


def page() -> str:
    """The reference of prices."""
    catalogue = MediaCatalogue()
    listed = [*catalogue.models()]
    kinds = Counter(one.kind for one in listed)
    used = {row.meter for one in listed for row in catalogue.rows(one.provider, one.id) or ()}
    meters = sorted(used | {meter for meter, _ in METERS.values()})
    sources = [(one.name, one.version, one.as_of, f"`{one.sha256[:12]}…`") for one in catalogue.sources.sources]
    parts = [
        heading(
            "Prices",
            "A price is known from the first of these that has rows for the model: your own in `genmux.toml`, the provider's "
            "manifest, the token price list (genai-prices), the media catalogue that comes with genmux. A price that none of "
            "them has is unknown, never zero.",
        ),
        "## A row\n\n" + _plain(Price) + EXAMPLE,
        (
            "Of the rows of one meter whose conditions all hold, the most specific counts: more named conditions first, then more "
            "thresholds and dates, then the highest threshold that is passed. Two rows of which neither is more specific are an "
            "error, in a manifest as in `genmux.toml`. A meter contains the meters that have all its words and more, and what is "
            "priced by itself is taken off what contains it.\n"
        ),
        "## Conditions\n",
        table(("condition", "meaning"), ((f"`{name}`", meaning) for name, meaning in CONDITIONS.items())),
        "## Meters\n",
        table(
            ("family", "counts", "meters"),
            (
                (f"`{name}`", meaning, ", ".join(f"`{one}`" for one in meters if one.partition(".")[0] == name))
                for name, meaning in FAMILIES.items()
            ),
        ),
        "## The media catalogue\n",
        (
            f"{len(listed)} models of {len(catalogue.providers())} providers; `genmux catalog update` makes it anew from these sources, "
            "and `genmux catalog check` checks it.\n"
        ),
        table(("source", "version", "read on", "SHA-256"), sources),
        table(("kind", "models"), ((f"`{kind}`", count) for kind, count in sorted(kinds.items()))),
    ]
    return "\n".join(parts)


def _plain(struct: type) -> str:
    return " ".join((struct.__doc__ or "").split())
