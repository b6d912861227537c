"""What a connection made of calls can do."""

from genmux.contract.sessions import Capabilities
from genmux.flows.voice.cascade.hearing import HEARD
from genmux.types.audio import AudioFormat

MUTABLE = frozenset({"instructions", "tools", "tool_choice", "temperature", "max_output_tokens", "modalities", "turns"})


def capabilities_of(made: AudioFormat) -> Capabilities:
    """What a cascade can do that speaks so."""
    return Capabilities(
        turn_owner="server",
        input_formats=(HEARD,),
        output_formats=(made,),
        truncates=True,
        cancels=True,
        commits=True,
        clears=True,
        deletes_items=True,
        creates_responses=True,
        tools=True,
        mutable=MUTABLE,
        roles=frozenset({"user", "assistant", "system"}),
        images=True,
        reports_speech=True,
        transcribes_input=True,
    )
