"""Every event that there is: its name, what it means, what it is about and which particulars it brings.

They are promises: a name keeps its meaning, and a particular its type; further names and particulars may come.
"""

from typing import Annotated, Any

import msgspec

from genmux.types.errors import ErrorKind


def _told(words: str) -> msgspec.Meta:
    return msgspec.Meta(description=words)


# ---------------------------------------------------------------- generations: calls and jobs
class GenerationData(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is told of every generation."""

    operation: Annotated[str, _told("What was asked for: `chat`, `embed`, `text_to_video` …")]
    tags: Annotated[dict[str, str], _told("The tags of the request")] = msgspec.field(default_factory=dict)
    status: Annotated[str | None, _told("Where our job stands now: `queued`, `running` …; calls have none")] = None
    account: Annotated[str | None, _told("The account that it went through, by its name")] = None
    batch: Annotated[str | None, _told("What the job was submitted together with")] = None
    retry_of: Annotated[str | None, _told("The job that this one tries again")] = None


class Queued(GenerationData, kw_only=True, omit_defaults=True):
    """A job was taken on."""

    estimate: Annotated[str | None, _told("What it may cost at most, in US dollars, where that is known")] = None


class Started(GenerationData, kw_only=True, omit_defaults=True):
    """It goes to the provider."""

    attempts: Annotated[int | None, _told("How often it was sent by now; only for jobs")] = None


class Progressed(GenerationData, kw_only=True, omit_defaults=True):
    """How far it is."""

    progress: Annotated[float | None, _told("A part of 1, where the provider tells it")] = None
    queue_position: Annotated[int | None, _told("How many are before it at the provider")] = None


class AssetGenerated(GenerationData, kw_only=True, omit_defaults=True):
    """A file lies in our storage."""

    asset: Annotated[str, _told("Its id: `GET /api/v1/assets/ID`")]
    media_type: Annotated[str, _told("Of its content, such as `video/mp4`")]
    bytes: Annotated[int, _told("Its size")]
    sha256: Annotated[str, _told("Of its content")]
    role: Annotated[str | None, _told("`output`, `poster`, `last_frame` or `preview`")] = None
    width: Annotated[int | None, _told("In pixels")] = None
    height: Annotated[int | None, _told("In pixels")] = None
    seconds: Annotated[float | None, _told("Its length")] = None


class Ended(GenerationData, kw_only=True, omit_defaults=True):
    """What is told of every end."""

    cost: Annotated[str | None, _told("What it did cost, in US dollars; nothing where that is not known")] = None
    attempts: Annotated[int | None, _told("How often it was sent")] = None


class GenerationCompleted(Ended, kw_only=True, omit_defaults=True):
    """It was made."""

    usage: Annotated[dict[str, Any], _told("What it used, by meter")] = msgspec.field(default_factory=dict)
    finish: Annotated[str | None, _told("Why a text ended: `stop`, `length`, `tool_calls` …")] = None
    assets: Annotated[list[str], _told("The ids of its files, in the order of its outputs")] = msgspec.field(
        default_factory=list
    )
    filtered: Annotated[int, _told("How many outputs the content policy kept back")] = 0


class GenerationFailed(Ended, kw_only=True, omit_defaults=True):
    """It was not made."""

    kind: Annotated[ErrorKind, _told("What went wrong, in one word: see the page on errors")] = ErrorKind.UNKNOWN
    message: Annotated[str, _told("The same in a sentence")] = ""
    code: Annotated[str | None, _told("The provider's own code")] = None
    raw: Annotated[str | None, _told("The provider's own word for how it ended")] = None


class GenerationFiltered(Ended, kw_only=True, omit_defaults=True):
    """The provider's content policy kept everything back."""

    message: Annotated[str, _told("Why, in the provider's words")] = ""
    raw: Annotated[str | None, _told("The provider's own word for it")] = None


class OutcomeUnknown(GenerationData, kw_only=True, omit_defaults=True):
    """Nobody knows whether the provider took it."""

    policy: Annotated[str | None, _told("What becomes of it: `hold`, `assume_billed` or `resubmit`")] = None


# ---------------------------------------------------------------- money
class BudgetExceeded(GenerationData, kw_only=True, omit_defaults=True):
    """A request was refused because it may cost more than it is allowed to."""

    message: Annotated[str, _told("Which budget, and how much is left")]
    limit: Annotated[str | None, _told("The limit of the request itself, in US dollars, where it has one")] = None


class BudgetData(msgspec.Struct, kw_only=True, omit_defaults=True):
    """Which budget is meant."""

    budget: Annotated[int, _told("Its id")]
    tenant: Annotated[str, _told("Whose it is")]
    scope: Annotated[str, _told("For whom it is: `team:ID`, `key:ID` …")]
    period: Annotated[str, _told("`day`, `week`, `month` …")]
    currency: Annotated[str, _told("Of the amounts")]
    name: Annotated[str | None, _told("What people call it")] = None


class BudgetAlert(BudgetData, kw_only=True, omit_defaults=True):
    """What is spent passed a share of the limit."""

    threshold: Annotated[float, _told("The share, such as 0.8")]
    spent: Annotated[int, _told("Spent in this period, in millionths")]
    limit: Annotated[int, _told("In millionths")]


class BudgetOverrun(BudgetData, kw_only=True, omit_defaults=True):
    """Something did cost more than was held for it."""

    held: Annotated[int, _told("What was held, in millionths")]
    spent: Annotated[int, _told("What it did cost, in millionths")]


class UsageDropped(msgspec.Struct, kw_only=True):
    """Usage rows were lost, for the database was down for too long."""

    dropped: Annotated[int, _told("How many")]
    with_cost: Annotated[int, _told("How many of them with a cost")]
    in_all: Annotated[int, _told("How many since this process started")]


# ---------------------------------------------------------------- accounts, providers, models, webhooks
class AccountData(msgspec.Struct, kw_only=True):
    """Which account is meant."""

    account: Annotated[str, _told("Its name")]


class ProviderData(msgspec.Struct, kw_only=True):
    """Which provider is meant."""

    provider: Annotated[str, _told("Its id")]
    source: Annotated[str, _told("Where its manifest was found")]


class LocalModelData(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an embedded model did."""

    pid: Annotated[int | None, _told("The process that it runs in")] = None
    seconds: Annotated[float | None, _told("How long that took")] = None
    reason: Annotated[str | None, _told("Why")] = None


class WebhookDisabled(msgspec.Struct, kw_only=True):
    """An endpoint gets nothing any more."""

    url: Annotated[str, _told("Its address")]
    reason: Annotated[str, _told("Why")]


class WebhookTest(msgspec.Struct, kw_only=True):
    """Somebody tries an endpoint."""

    webhook: Annotated[str, _told("The endpoint's id")]


class EventKind(msgspec.Struct, frozen=True):
    """One kind of event: what it means, what its `subject` is, which particulars it has."""

    meaning: str
    subject: str
    data: type[msgspec.Struct]


_JOB = "the job"
_EITHER = "the job, or the request of a call"
_ACCOUNT = "the account's id"

EVENTS: dict[str, EventKind] = {
    "generation.queued": EventKind("A job was taken on.", _JOB, Queued),
    "generation.started": EventKind("A call or a job goes to a provider.", _EITHER, Started),
    "generation.progress": EventKind("A job has come further.", _JOB, Progressed),
    "asset.generated": EventKind("A result lies in our storage, and its link works.", _JOB, AssetGenerated),
    "generation.completed": EventKind("It was made.", _EITHER, GenerationCompleted),
    "generation.filtered": EventKind("The content policy kept everything back.", _JOB, GenerationFiltered),
    "generation.failed": EventKind("It was not made.", _EITHER, GenerationFailed),
    "generation.rejected": EventKind("The provider refused it; nothing was started.", _JOB, GenerationFailed),
    "generation.cancelled": EventKind("It was cancelled.", _EITHER, GenerationFailed),
    "generation.expired": EventKind("It was not done in time, or its result was gone.", _JOB, GenerationFailed),
    "generation.outcome_unknown": EventKind(
        "A job was sent, and nobody knows whether the provider took it. It waits for a decision.", _JOB, OutcomeUnknown
    ),
    "budget.exceeded": EventKind("A request was refused, since a budget has not enough left.", _EITHER, BudgetExceeded),
    "budget.alert": EventKind("What is spent passed a share of a budget.", _EITHER, BudgetAlert),
    "budget.overrun": EventKind("A provider billed more than was held.", _EITHER, BudgetOverrun),
    "usage.dropped": EventKind("Usage rows were lost: the database was down for too long.", "nothing", UsageDropped),
    "account.revoked": EventKind("A provider does not take an account's key any more.", _ACCOUNT, AccountData),
    "account.exhausted": EventKind("An account has no credit left.", _ACCOUNT, AccountData),
    "provider.registered": EventKind("A provider can be used.", "nothing", ProviderData),
    "provider.unregistered": EventKind("A provider is gone.", "nothing", ProviderData),
    "engine.loading": EventKind("An embedded model is being loaded.", "nothing", LocalModelData),
    "engine.loaded": EventKind("An embedded model can answer.", "nothing", LocalModelData),
    "engine.crashed": EventKind("The process of an embedded model died.", "nothing", LocalModelData),
    "engine.closed": EventKind("The process of an embedded model ended.", "nothing", LocalModelData),
    "webhook.disabled": EventKind("An endpoint gets nothing any more.", "the endpoint's id", WebhookDisabled),
    "webhook.test": EventKind("Somebody tries an endpoint; no other one gets it.", "the endpoint's id", WebhookTest),
}
"""By name."""
