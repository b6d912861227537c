"""Telling others what happens: in other processes, by webhook and by stream."""

from genmux.services.outbox.box import Outbox
from genmux.services.outbox.courier import Courier
from genmux.services.outbox.desk import WebhookChange, WebhookDesk, WebhookSecret, WebhookWish
from genmux.services.outbox.echo import Echo
from genmux.services.outbox.interest import Interest
from genmux.services.outbox.rendering import cloud_event, sse_frame
from genmux.services.outbox.stories import Following, Stories, StoryPage
from genmux.services.outbox.tail import Reader, Tail
from genmux.services.outbox.waking import Bell

__all__ = [
    "Bell",
    "Courier",
    "Echo",
    "Following",
    "Interest",
    "Outbox",
    "Reader",
    "Stories",
    "StoryPage",
    "Tail",
    "WebhookChange",
    "WebhookDesk",
    "WebhookSecret",
    "WebhookWish",
    "cloud_event",
    "sse_frame",
]
