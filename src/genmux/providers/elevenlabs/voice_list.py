"""The voices of an account, page by page (elevenlabs 2.78.0, GET /v2/voices; read 2026-11-27)."""

import msgspec

from genmux.contract.asked import with_query
from genmux.contract.hearing import language_tag
from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.model import Model
from genmux.types.speech import Voice

_PAGE = 100


class Verified(msgspec.Struct):
    """A language that a voice was tried in."""

    language: str
    locale: str | None = None


class Listed(msgspec.Struct):
    """One voice."""

    voice_id: str
    name: str | None = None
    labels: dict[str, str] | None = None
    description: str | None = None
    preview_url: str | None = None
    verified_languages: list[Verified] | None = None


class Page(msgspec.Struct):
    """One page."""

    voices: list[Listed]
    has_more: bool = False
    next_page_token: str | None = None


_PAGES = msgspec.json.Decoder(Page)


class VoiceList:
    """The half of the wire that lists voices."""

    def encode_voices(self, model: Model) -> HttpRequest:
        """Ask for the first page; voices are the account's, whatever the model."""
        del model
        return _page(None)

    def decode_voices(self, reply: HttpReply) -> tuple[Voice, ...]:
        """Read one page."""
        return tuple(map(_voice, reply.read(_PAGES).voices))

    def more_voices(self, reply: HttpReply) -> HttpRequest | None:
        """The page after that."""
        page = reply.read(_PAGES)
        return _page(page.next_page_token) if page.has_more and page.next_page_token else None


def _page(token: str | None) -> HttpRequest:
    url = with_query("/v2/voices", {"page_size": _PAGE, "next_page_token": token})
    return HttpRequest(method="GET", url=url, read_only=True)


def _voice(one: Listed) -> Voice:
    labels = one.labels or {}
    spoken = [tag for each in one.verified_languages or () if (tag := language_tag(each.locale or each.language))]
    own = language_tag(labels.get("language"))
    told: dict[str, None] = dict.fromkeys([own, *spoken] if own else spoken)
    return Voice(
        id=one.voice_id,
        name=one.name or one.voice_id,
        languages=tuple(told),
        gender=labels.get("gender"),
        description=one.description or labels.get("description"),
        preview_url=one.preview_url,
    )
