"""Sessions that talk: each sends a frame of 20 ms every 20 ms and takes the time until its echo comes back.

`python live_load.py URL SESSIONS TALKING SECONDS`: prints JSON lines, one for every second.
"""

import asyncio
import base64
import json
import struct
import sys
import time
from urllib.parse import urlsplit

import uvloop
from raw_socket import RawSocket, asked

FRAME, PACE = 960, 0.02
WINDOW = 1.0
HEAD = b'{"type":"input_audio_buffer.append","audio":"'
PAD = base64.b64encode(bytes(FRAME - 9)) + b'"}'
KEY = "sk-benchmark-0123456789"
UPDATE = json.dumps({"type": "session.update", "session": {"type": "realtime"}}).encode()
DELTA = b'"response.output_audio.delta"'


class Talker(RawSocket):
    """One session; `taken` gets how long each echo took, in nanoseconds."""

    def __init__(self, opening: bytes, taken: list[int]) -> None:
        super().__init__(opening)
        self.ready = asyncio.get_running_loop().create_future()
        self._taken = taken

    def heard(self, message: bytes) -> None:
        """A message came."""
        if DELTA in message[:60]:
            at = message.index(b'"delta":"') + 9
            (sent,) = struct.unpack("<q", base64.b64decode(message[at : at + 12])[:8])
            self._taken.append(time.monotonic_ns() - sent)
        elif b'"session.created"' in message[:60]:
            self.say(UPDATE)
        elif b'"session.updated"' in message[:60]:
            self.ready.set_result(None)
        elif b'"type":"error"' in message:
            raise SystemExit(message.decode())

    def speak(self) -> None:
        """One frame."""
        if self.closed:
            raise SystemExit("a session was closed")
        self.say(HEAD + base64.b64encode(struct.pack("<qb", time.monotonic_ns(), 0)) + PAD)


async def talk(talkers: list[Talker], seconds: float) -> None:
    """A frame of each every 20 ms, spread over them."""
    begun, count = time.monotonic(), len(talkers)
    for number in range(int(seconds / PACE) * count):
        wait = begun + number * PACE / count - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        elif number % 16 == 0:
            await asyncio.sleep(0)
        talkers[number % count].speak()


async def main(url: str, sessions: int, talking: int, seconds: float) -> None:
    place, taken = urlsplit(url), []
    opening = asked(place.netloc, f"{place.path}?{place.query}", authorization=f"Bearer {KEY}")
    loop, talkers = asyncio.get_running_loop(), []
    for _ in range(sessions):
        _, talker = await loop.create_connection(lambda: Talker(opening, taken), place.hostname, place.port)
        await asyncio.wait_for(talker.ready, 30)
        talkers.append(talker)
    print(json.dumps({"open": len(talkers)}), flush=True)
    sys.stdin.readline()
    speaking = asyncio.create_task(talk(talkers[:talking], seconds))
    ends = time.monotonic() + seconds
    while (left := ends - time.monotonic()) > 0:
        await asyncio.sleep(min(WINDOW, left))
        told, taken[:] = sorted(taken), []
        if told:
            p50, p99 = told[len(told) // 2], told[int(len(told) * 0.99)]
            print(json.dumps({"frames": len(told), "p50_ms": p50 / 1e6, "p99_ms": p99 / 1e6}), flush=True)
    await speaking
    await asyncio.sleep(0.5)
    print(json.dumps({"late": len(taken)}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
