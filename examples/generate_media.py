"""Make a picture, make it move, and be told how it goes. No key: what stands in for models says so."""

import tempfile
from pathlib import Path

from genmux import Client, GenerationRequest, Job

folder = Path(tempfile.mkdtemp())

with Client() as client:
    picture = client.image("A red fox in the snow", model="local/card", aspect_ratio="16:9", seed=7)
    print("saved:", picture.assets[0].save(folder).suffix, picture.assets[0].width, "x", picture.assets[0].height)

    def show(job: Job) -> None:
        """Called each time that something changed."""
        print(job.status, "" if job.progress is None else f"{job.progress:.0%}")

    video = client.video(
        "It looks around.", model="local/slideshow", image=picture, duration=1, resolution="360p", on_progress=show
    )
    if video.success:
        print("made:", video.assets[0].media_type, video.assets[0].seconds, "s, simulated:", video.assets[0].simulated)
    else:
        print("no video:", video.error)

    # Submit and go away: the order stays, and what is wrong with one leaves the others alone.
    wanted = [
        GenerationRequest(operation="text_to_image", model="local/card", prompt="one"),
        GenerationRequest(operation="text_to_image", model="local/card", prompt="two", params={"n": 99}),
    ]
    for job in client.jobs.submit_many(wanted):
        print(client.jobs.wait(job).status if isinstance(job, Job) else f"refused: {job.message}")
