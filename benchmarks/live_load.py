"""Sessions that talk: each sends a frame of 20 ms every 20 ms and takes the time until its echo comes back.

`python live_load.py URL SESSIONS TALKING SECONDS`: prints JSON lines, one for every ten seconds.
"""

import asyncio
import base64
import json
import struct
import sys
import time

import aiohttp
import uvloop

FRAME = 960
HEAD = '{"type":"input_audio_buffer.append","audio":"'
PAD = base64.b64encode(bytes(FRAME - 9)).decode()
KEY = "sk-benchmark-0123456789"


async def session(client, url, gate, frames, taken, ready):
    async with client.ws_connect(
        url, headers={"authorization": f"Bearer {KEY}"}, compress=0, max_msg_size=0, autoping=True
    ) as socket:
        first = json.loads((await socket.receive()).data)
        assert first["type"] == "session.created", first
        await socket.send_str(json.dumps({"type": "session.update", "session": {"type": "realtime"}}))
        while (told := json.loads((await socket.receive()).data))["type"] != "session.updated":
            assert told["type"] != "error", told
        ready()
        await gate.wait()
        talking = asyncio.create_task(talk(socket, frames)) if frames else None
        stop = time.monotonic() + STOP[0]
        try:
            while time.monotonic() < stop:
                async with asyncio.timeout(stop - time.monotonic()):
                    message = await socket.receive()
                if message.type is not aiohttp.WSMsgType.TEXT:
                    raise SystemExit(f"the session ended: {message}")
                text = message.data
                if '"response.output_audio.delta"' in text[:60]:
                    at = text.index('"delta":"') + 9
                    sent = struct.unpack("<q", base64.b64decode(text[at : at + 12])[:8])[0]
                    taken.append(time.monotonic_ns() - sent)
                elif '"type":"error"' in text:
                    raise SystemExit(text)
        except TimeoutError:
            pass
        if talking is not None:
            talking.cancel()


STOP = [0.0]


async def talk(socket, frames):
    begun = time.monotonic() + (id(socket) % 997) / 997 * 0.02
    for number in range(frames):
        wait = begun + number * 0.02 - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        stamp = base64.b64encode(struct.pack("<qb", time.monotonic_ns(), 0)).decode()
        await socket.send_str(f'{HEAD}{stamp}{PAD}"}}')


async def main(url, sessions, talking, seconds):
    STOP[0] = seconds + 0.5
    taken, gate, here = [], asyncio.Event(), []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
        tasks = []
        for number in range(sessions):
            frames = int(seconds * 50) if number < talking else 0
            tasks.append(asyncio.create_task(session(client, url, gate, frames, taken, lambda: here.append(1))))
            if number % 20 == 19:
                await asyncio.sleep(0.05)
        while len(here) < sessions:
            await asyncio.sleep(0.05)
            if any(task.done() for task in tasks):
                await asyncio.gather(*tasks)
        print(json.dumps({"open": len(here)}), flush=True)
        sys.stdin.readline()
        gate.set()
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            await asyncio.sleep(min(10.0, left))
            told, taken[:] = sorted(taken), []
            if told:
                p50, p99 = told[len(told) // 2], told[int(len(told) * 0.99)]
                print(json.dumps({"frames": len(told), "p50_ms": p50 / 1e6, "p99_ms": p99 / 1e6}), flush=True)
        await asyncio.gather(*tasks)
        print(json.dumps({"late": len(taken)}), flush=True)


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4])))
