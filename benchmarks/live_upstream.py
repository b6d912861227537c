"""The least that a realtime model can be: takes OpenAI's messages and gives each frame of sound back at once."""

import asyncio
import json

import uvloop
from raw_socket import RawSocket

APPEND = b'"type":"input_audio_buffer.append"'
PLACE = '"response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0'
DELTA = f'{{"type":"response.output_audio.delta","event_id":"event_1",{PLACE},"delta":"'.encode()
ITEM = {"id": "item_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
PART = {"item_id": "item_1", "output_index": 0, "content_index": 0, "part": {"type": "audio", "transcript": ""}}
BEGINNING = (
    {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}},
    {"type": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": ITEM},
    {"type": "response.content_part.added", "response_id": "resp_1", **PART},
)


class Echo(RawSocket):
    """One session."""

    def __init__(self) -> None:
        super().__init__()
        self._answers = False

    def began(self) -> None:
        """It is open."""
        self._tell({"type": "session.created", "session": {"id": "sess"}})

    def heard(self, message: bytes) -> None:
        """A message came."""
        if APPEND in message[:80]:
            if not self._answers:
                self._answers = True
                for one in BEGINNING:
                    self._tell(one)
            at = message.index(b'"audio":"') + 9
            self.say(DELTA + message[at : message.index(b'"', at)] + b'"}')
        elif b'"session.update"' in message:
            self._tell({"type": "session.updated", "session": {"id": "sess"}})

    def _tell(self, message: dict) -> None:
        self.say(json.dumps({"event_id": "e", **message}).encode())


async def main() -> None:
    server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main())
