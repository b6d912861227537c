"""For which end user a request is made."""

from genmux.types.calls import CallRequest

_SAFETY = "safety_identifier"


def end_user_of(request: CallRequest) -> str | None:
    """What the request says: `user` in OpenAI's dialect or its successor `safety_identifier`, `metadata.user_id` in Anthropic's.

    `user` became `safety_identifier` according to https://platform.openai.com/docs/api-reference/chat/create, read 2026-11-21.
    """
    if request.user:
        return request.user
    extra = getattr(request, "extra", None)  # a turn of a session has none
    told = extra.get(_SAFETY) if extra else None
    return told if isinstance(told, str) and told else None
