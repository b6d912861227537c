"""The half that faces a host: a job that is done as soon as it is submitted."""

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.inputs import MediaRequest
from genmux.contract.jobs import MediaReader, Prepared, Steps, no_steps
from genmux.contract.model import Model
from genmux.dialects.openai_images.decode import read_reply
from genmux.dialects.openai_images.encode import prepared, written
from genmux.dialects.openai_images.profile import Profile
from genmux.dialects.openai_images.reader import ImagesReader
from genmux.types.errors import UnsupportedError
from genmux.types.jobs import Accepted, Ended, JobState, Ticket


class OpenAIImagesWire:
    """Pictures as one host makes them: one request, whose reply is the result. `key` and `callback` have no place in it."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile

    def prepare(self, request: MediaRequest, model: Model) -> Steps[Prepared]:
        """Write the fields; nothing is sent. Raises UnsupportedError."""
        return no_steps(prepared(request, model, self.profile))

    def submit(self, prepared: Prepared, key: str, callback: str | None) -> HttpRequest:
        """The one request. Raises InvalidRequestError for a picture that cannot go along."""
        del key, callback
        return written(prepared, self.profile, stream=False)

    def submitted(self, reply: HttpReply, prepared: Prepared) -> Accepted | Ended:
        """What came of it. Raises ProviderError."""
        del prepared
        return read_reply(reply)

    def poll(self, ticket: Ticket) -> Steps[JobState]:
        """There is nothing to ask for. Raises UnsupportedError."""
        del ticket
        message = "pictures are made while one waits; there is no job to ask for"
        raise UnsupportedError(message)


class StreamingImagesWire(OpenAIImagesWire):
    """The same at a host that shows unfinished pictures."""

    def submit_stream(self, prepared: Prepared, key: str) -> HttpRequest:
        """The request whose reply is streamed. Raises InvalidRequestError."""
        del key
        return written(prepared, self.profile, stream=True)

    def media_reader(self, prepared: Prepared) -> MediaReader:
        """Start reading one stream."""
        del prepared
        return ImagesReader()


def images_wire(profile: Profile) -> OpenAIImagesWire:
    """The wire for one host."""
    return StreamingImagesWire(profile) if profile.streams else OpenAIImagesWire(profile)
