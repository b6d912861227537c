"""What differs between the ways in which sessions are spoken: who asks for answers, and what may be said when."""

import msgspec

from genmux.contract.sessions import Capabilities
from genmux.types.audio import AudioFormat

_FORMATS = tuple(AudioFormat(sample_rate=rate) for rate in (24_000, 16_000, 8_000, 48_000))
_ABLE = Capabilities(
    turn_owner="server",
    input_formats=_FORMATS,
    output_formats=_FORMATS,
    truncates=True,
    cancels=True,
    commits=True,
    clears=True,
    deletes_items=True,
    creates_responses=True,
    mutable=frozenset(
        {"instructions", "modalities", "turns", "transcription", "tools", "tool_choice", "max_output_tokens"}
    ),
    roles=frozenset({"user", "assistant", "system"}),
    images=True,
    reports_speech=True,
    transcribes_input=True,
    resumable=True,
)


class Manner(msgspec.Struct, frozen=True, kw_only=True):
    """How a session is held.

    `commit_answers` says that the end of a turn is answered without being asked, `tools_answer` the same of the results of
    tools, `text_interrupts` that a message stops an answer (else it is refused while one is given), `handles` that there are
    handles to go on with.
    """

    able: Capabilities = _ABLE
    commit_answers: bool = True
    tools_answer: bool = False
    text_interrupts: bool = False
    handles: bool = True


IN_PROCESS = Manner()
OPENAI = Manner(commit_answers=False, handles=False)
GEMINI = Manner(tools_answer=True, text_interrupts=True)
