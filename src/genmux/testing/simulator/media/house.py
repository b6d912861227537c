"""What a simulated provider needs of the server that it is in."""

from typing import Protocol

from genmux.testing.simulator.media.job import SimulatedJob


class MediaHouse(Protocol):
    """The server, for personalities."""

    def accepted(self, job: SimulatedJob) -> None:
        """A job was accepted: its webhooks will be sent."""
        ...

    def changed(self, job: SimulatedJob) -> None:
        """A job will end otherwise than was planned."""
        ...

    def url(self, personality: str) -> str:
        """Where a personality is: what the `base_url` of a provider is set to."""
        ...

    def file_url(self, job: SimulatedJob, index: int) -> str:
        """The address of an output, good for as long as the personality (or the job's script) says."""
        ...
