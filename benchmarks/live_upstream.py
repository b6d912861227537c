"""The least that a realtime model can be: takes OpenAI's messages and gives each frame of sound back at once."""

import asyncio
import json
import sys

from aiohttp import WSMsgType, web

APPEND = '"type":"input_audio_buffer.append"'
USAGE = {"total_tokens": 2, "input_tokens": 1, "output_tokens": 1}


async def talk(request):
    socket = web.WebSocketResponse(compress=False, max_msg_size=0)
    await socket.prepare(request)
    await socket.send_str(json.dumps({"type": "session.created", "event_id": "e", "session": {"id": "sess"}}))
    head = ""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        text = message.data
        if APPEND in text[:80]:
            if not head:
                await begin(socket)
                place = '"response_id":"resp_1","item_id":"item_1","output_index":0,"content_index":0'
                head = f'{{"type":"response.output_audio.delta","event_id":"event_1",{place},"delta":"'
            at = text.index('"audio":"') + 9
            await socket.send_str(f'{head}{text[at : text.index(chr(34), at)]}"}}')
        elif '"session.update"' in text:
            await socket.send_str(json.dumps({"type": "session.updated", "event_id": "e", "session": {"id": "sess"}}))
    return socket


async def begin(socket):
    item = {"id": "item_1", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
    for message in (
        {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress", "output": []}},
        {"type": "response.output_item.added", "response_id": "resp_1", "output_index": 0, "item": item},
        {
            "type": "response.content_part.added",
            "response_id": "resp_1",
            "item_id": "item_1",
            "output_index": 0,
            "content_index": 0,
            "part": {"type": "audio", "transcript": ""},
        },
    ):
        await socket.send_str(json.dumps({"event_id": "e", **message}))


async def main():
    app = web.Application()
    app.router.add_get("/v1/realtime", talk)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=2048).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    if "uvloop" not in sys.argv:
        import uvloop

        uvloop.run(main())
