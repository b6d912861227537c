"""The simulator for voice: a real HTTP server that speaks the protocols of speech and of transcription, and counts the calls.

    async with VoiceSimulator("elevenlabs", "deepgram") as simulator:
        simulator.url("deepgram")            # what the provider's `base_url` is set to
        simulator.upcoming("429; 401")       # how the next calls go, one after the other
        simulator.calls                      # every call that came, with its fault
        simulator.billed("deepgram")         # how many were answered, and so are billed

Sound is made of the text alone: so many samples for each letter (`sounds.speech`), so that it can be told whether all of it
came. Whatever sound is sent, `sounds.SAID` is what was said in it.

`FAULTS` lists what may go wrong. A personality is a module `personalities/NAME.py` in which `personality` is a subclass of
`VoicePersonality`; those of jobs (AssemblyAI) are in `genmux.testing.simulator.media`.
"""

from genmux.testing.simulator.voice.call import VoiceCall
from genmux.testing.simulator.voice.faults import FAULTS
from genmux.testing.simulator.voice.personalities import voice_personalities
from genmux.testing.simulator.voice.personality import Told, VoicePersonality, VoiceRoute, told_json
from genmux.testing.simulator.voice.server import VoiceSimulator

__all__ = [
    "FAULTS",
    "Told",
    "VoiceCall",
    "VoicePersonality",
    "VoiceRoute",
    "VoiceSimulator",
    "told_json",
    "voice_personalities",
]
