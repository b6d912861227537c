"""The conditions under which a price holds."""

CONDITIONS: dict[str, str] = {
    "service_tier": "The tier that was asked for or served: `batch`, `flex`, `priority`, `fast` …",
    "input_tokens_gt": "More input tokens than this; the row then holds for all of them.",
    "output_tokens_gt": "More output tokens than this.",
    "seconds_gt": "More seconds than this.",
    "cache_ttl": "How long a written cache lives: `5m`, `1h`, `12h` …",
    "resolution": "Of an image or a video: `480p`, `1080p`, `4k`, `1K` …",
    "quality": "`low`, `medium`, `high`, `standard`, `hd` …",
    "size": "Width and height in pixels, as `1024x1536`.",
    "audio": "Whether a video has sound.",
    "steps": "How many steps of diffusion.",
    "region": "Where it is processed: `us`, `eu` …",
    "search_context": "How much a search brings: `low`, `medium`, `high`.",
    "plan": "The subscription under which the price holds.",
    "hours": "A time of day in UTC, as `16:30-00:30`.",
    "weekdays": "Days of the week in UTC, as `mon-fri` or `sat,sun`.",
    "from": "The first day (ISO date, UTC).",
    "until": "The day (ISO date, UTC) from which on it holds no more.",
    "variant": "Anything else that the provider tells apart by name, such as a mode.",
}
"""Every condition by name, with what its value means."""
