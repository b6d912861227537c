"""Why an answer ended."""

from genmux.providers.google.content import Answer, Candidate


def ending_of(told: Answer) -> tuple[str, str | None]:
    """Why it ended, in Google's word, and what it says of it."""
    if told.prompt_feedback is not None and (blocked := told.prompt_feedback.block_reason):
        return blocked, None
    last = told.candidates[-1] if told.candidates else Candidate()
    return last.finish_reason or "FINISH_REASON_UNSPECIFIED", last.finish_message
