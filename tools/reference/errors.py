"""The kinds of errors, from the table that makes them."""

from genmux.contract.error_kinds import RETRY_BY_KIND
from genmux.dialects import load_dialect
from genmux.types.errors import ErrorKind, ProviderError, Retry
from tools.reference.markdown import first_line, heading, table


def page() -> str:
    """Each kind, its class, whether it is retried, and the status with which the gateway answers."""
    openai, anthropic = load_dialect("openai_chat").server, load_dialect("anthropic_messages").server
    rows: list[tuple[object, ...]] = []
    for kind in ErrorKind:
        error = ProviderError("", kind=kind)
        rows.append(
            (
                f"`{kind}`",
                f"`{type(error).__name__}`",
                first_line(type(error)),
                RETRY_BY_KIND.get(kind, Retry.NEVER),
                openai.refuse(error).status,
                anthropic.refuse(error).status,
            )
        )
    head = heading(
        "Errors",
        "Everything that genmux raises on purpose is a `GenmuxError`; what a provider refused or failed at is a `ProviderError` "
        "with `kind`, `message`, `provider`, `model`, `status`, `code`, `retry`, `retry_after` and `request_id`.\n\n"
        "`retry` says what a repetition risks: `safe` (nothing was accepted), `unsure` (it may have been accepted, and billed; "
        "never repeated on our own), `never` (it would fail again). The column shows what a kind usually has.",
    )
    return head + "\n" + table(("kind", "class", "meaning", "retry", "OpenAI dialect", "Anthropic dialect"), rows)
