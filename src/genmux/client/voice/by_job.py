"""Transcripts that are made by a job: submitted, waited for, read."""

from collections.abc import Callable

import msgspec

from genmux.client.jobs.api import JobsApi
from genmux.client.jobs.asking import source_of
from genmux.client.jobs.files import AssetFile, result_of
from genmux.client.requests import Asked
from genmux.types.calls import as_generation
from genmux.types.errors import InvalidRequestError, MalformedReplyError, ProviderError
from genmux.types.generation import Input
from genmux.types.jobs import GenerationResult, Job
from genmux.types.transcription import AudioFile, Transcript, TranscriptionRequest
from genmux.types.usage import Usage

Progress = Callable[[float], object]
"""Is told how much is written down, as a part of 1."""


async def transcript_by_job(jobs: JobsApi, asked: Asked, *, progress: Progress | None = None) -> Transcript:
    """What a job wrote down. Raises ProviderError, also when the job did not end well; its time limit ends the wait alone."""
    request: TranscriptionRequest = asked.request
    source = Input(kind="audio", role="audio", source=_source(request.audio))
    wanted = msgspec.structs.replace(
        as_generation(request), inputs=(source,), budget_limit=asked.options.budget_limit, tags=dict(asked.options.tags)
    )
    job = await jobs.submit(wanted, end_user=request.user)
    async for seen in jobs.watch(job, timeout=asked.options.timeout):
        if progress is not None and seen.progress is not None:
            progress(seen.progress)
        job = seen
    return await _read(job)


async def _read(job: Job) -> Transcript:
    """The transcript that a job made, with what the job did cost."""
    result = result_of(job)
    if not result.success:
        raise _failure(job, result)
    asset = next((one for one in result.assets if one.media_type == "application/json"), None)
    if not isinstance(asset, AssetFile):
        raise MalformedReplyError(f"the job {job.id} has made no transcript", provider=job.provider, model=job.model)
    transcript = msgspec.json.decode(await asset.read(), type=Transcript)
    return msgspec.structs.replace(
        transcript,
        usage=result.usage or Usage(),
        cost=result.cost,
        provider=result.provider,
        model=result.model,
        warnings=transcript.warnings + result.warnings,
        attempts=max(result.attempts, 1),
        account=result.account,
    )


def _failure(job: Job, result: GenerationResult) -> ProviderError:
    error = result.error
    if error is None:
        return ProviderError(f"the job {job.id} is {job.status}", provider=job.provider, model=job.model)
    return ProviderError(error.message, kind=error.kind, code=error.code, provider=job.provider, model=job.model)


def _source(audio: AudioFile) -> str:
    given = audio.path or audio.url or audio.data
    if given is None:
        raise InvalidRequestError("`audio` is empty; there is nothing to be written down", param="audio")
    return source_of(given, "audio")
