"""Replays recorded traffic through the dialects, in both directions, and says what comes out.

A recorded request is accepted as our server would and encoded again as our client would; a recorded reply is read as
our client would, written as our server would, and read again. What differs is said with its place.

The exchanges of jobs and of voice have no server half: there the wire writes the recorded request, and reads the recorded reply.
Of a session over a WebSocket every frame goes through its dialect.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec

from genmux.testing.replay.answering import Answered, replay_count, replay_whole
from genmux.testing.replay.asking import Asked, replay_request
from genmux.testing.replay.audio_claims import AudioClaim, audio_claim
from genmux.testing.replay.claiming import Claim, EmbedClaim, claim
from genmux.testing.replay.embedding import AskedEmbed, replay_embed_request, replay_embeddings
from genmux.testing.replay.job_apis import JobClaim, job_claim
from genmux.testing.replay.jobs import replay_job
from genmux.testing.replay.outcome import (
    ErrorSeen,
    JobSeen,
    Outcome,
    ResultSeen,
    SessionSeen,
    ToolCallSeen,
    error_seen,
)
from genmux.testing.replay.recording import Exchange, RecordedReply, read_exchanges
from genmux.testing.replay.sessions import replay_session
from genmux.testing.replay.speaking import AskedSpeech, replay_speech
from genmux.testing.replay.streaming import events_of, is_stream, replay_stream
from genmux.testing.replay.transcribing import AskedTranscript, replay_transcript
from genmux.testing.replay.voice import replay_voice
from genmux.testing.replay.voice_apis import VoiceClaim, voice_claim
from genmux.testing.replay.voice_seen import VoiceSeen

__all__ = [
    "ErrorSeen",
    "JobSeen",
    "Outcome",
    "ResultSeen",
    "SessionSeen",
    "ToolCallSeen",
    "VoiceSeen",
    "replay",
    "replay_exchange",
]


def replay(paths: Iterable[str | Path]) -> Iterator[Outcome]:
    """Replay all recorded exchanges in these files and folders.

    Raises ConfigurationError for a path that does not exist or a file that is no recording.
    """
    for exchange in read_exchanges(map(Path, paths)):
        yield replay_exchange(exchange)


def replay_exchange(exchange: Exchange) -> Outcome:
    """Replay one exchange."""
    if (job := job_claim(exchange)) is not None and exchange.reply is not None:
        return _job_outcome(exchange, exchange.reply, job)
    if (voice := voice_claim(exchange)) is not None and exchange.reply is not None:
        return _voice_outcome(exchange, exchange.reply, voice)
    if exchange.frames:
        return _session_outcome(exchange)
    claimed = audio_claim(exchange) or claim(exchange)
    if isinstance(claimed, str) or exchange.reply is None:
        return _outcome(exchange, Answered(status="unsupported", differences=(str(claimed),)))
    try:
        asked, answered = _replayed(exchange, exchange.reply, claimed)
    except Exception as error:  # noqa: BLE001 — a bug in one dialect is a finding, and must not hide the others
        return _outcome(exchange, _broken(error))
    return _outcome(exchange, answered, asked.round_trip, asked.differences)


def _job_outcome(exchange: Exchange, reply: RecordedReply, claimed: JobClaim) -> Outcome:
    try:
        replayed = replay_job(exchange, reply, claimed)
    except Exception as error:  # noqa: BLE001 — as above
        return _outcome(exchange, _broken(error))
    outcome = _outcome(exchange, replayed.answered, replayed.request_round_trip, replayed.differences)
    return msgspec.structs.replace(outcome, job=replayed.job)


def _voice_outcome(exchange: Exchange, reply: RecordedReply, claimed: VoiceClaim) -> Outcome:
    try:
        replayed = replay_voice(exchange, reply, claimed)
    except Exception as error:  # noqa: BLE001 — as above
        return _outcome(exchange, _broken(error))
    outcome = _outcome(exchange, replayed.answered, replayed.request_round_trip, replayed.differences)
    return msgspec.structs.replace(outcome, voice=replayed.voice)


def _session_outcome(exchange: Exchange) -> Outcome:
    try:
        replayed = replay_session(exchange)
    except Exception as error:  # noqa: BLE001 — as above
        return _outcome(exchange, _broken(error))
    answered = Answered(status=replayed.status, result=replayed.result, round_trip=replayed.received)
    outcome = _outcome(exchange, answered, replayed.sent, replayed.differences)
    return msgspec.structs.replace(outcome, session=replayed.session)


def _broken(error: Exception) -> Answered:
    return Answered(status="failed", differences=(f"broke: {type(error).__name__}: {error}",))


def _replayed(
    exchange: Exchange, reply: RecordedReply, claimed: Claim | EmbedClaim | AudioClaim
) -> tuple[Asked | AskedEmbed | AskedSpeech | AskedTranscript, Answered]:
    if isinstance(claimed, AudioClaim):
        play = replay_speech if claimed.does == "text_to_speech" else replay_transcript
        return play(exchange, reply, claimed)
    if isinstance(claimed, EmbedClaim):
        asked_embed = replay_embed_request(exchange, reply, claimed)
        return asked_embed, replay_embeddings(reply.http, claimed, asked_embed)
    asked = replay_request(exchange, claimed)
    if claimed.counts:
        return asked, replay_count(reply.http, claimed)
    if is_stream(reply.http, reply):
        return asked, replay_stream(events_of(reply), claimed, asked)
    return asked, replay_whole(reply.http, claimed, asked)


def _outcome(
    exchange: Exchange, answered: Answered, request_round_trip: bool | None = None, differences: tuple[str, ...] = ()
) -> Outcome:
    return Outcome(
        file=exchange.file,
        index=exchange.index,
        provider=exchange.provider,
        api=exchange.api,
        status=answered.status,
        result=answered.result,
        error=None if answered.error is None else error_seen(answered.error),
        request_round_trip=request_round_trip,
        response_round_trip=answered.round_trip,
        differences=(*differences, *answered.differences),
    )
