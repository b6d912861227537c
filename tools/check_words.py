"""One name for an idea: no replaced identifier, and no machine's path, no registry's address, no key."""

import io
import re
import sys
import tokenize
from pathlib import Path

from tools.tracked_files import ROOT, report, tracked_files

REPLACED = {  # what an idea was called elsewhere, and what it is called here
    "ALL_MODELS": "the manifest's models",
    "BaseProvider": "Provider",
    "BaseTextProvider": "Provider",
    "ConnectionState": "SessionState",
    "CostEstimate": "Estimate",
    "GenerationProvider": "Provider",
    "GenerationSettings": "params",
    "GenerationType": "Operation",
    "MessageRole": "Role",
    "MockProvider": "the simulator",
    "ModelCapabilities": "features",
    "ModelConfig": "Model",
    "OperationType": "Operation",
    "PROVIDERS": "providers()",
    "ProviderAccount": "Account",
    "ProviderCapabilities": "Manifest",
    "ProviderChunk": "Part",
    "ProviderConfig": "Manifest",
    "ProviderEvent": "RealtimeEvent",
    "ProviderKind": "Operation",
    "ProviderManifest": "Manifest",
    "ProviderRegistry": "providers()",
    "ProviderResponse": "a result",
    "ProviderStatus": "Health, JobState or SessionState",
    "ProviderStatusResult": "JobState",
    "TextChunk": "Delta",
    "check_status": "poll, or health",
    "compute_actual_credits": "Cost",
    "create_provider": "get_provider",
    "estimate_cost": "estimate",
    "estimate_credits": "estimate",
    "estimate_tokens": "count_tokens",
    "extract_account_data": "account",
    "extract_embedded_assets": "sources",
    "get_audio_format": "AudioFormat",
    "get_operation_parameter_spec": "params",
    "get_registry": "providers()",
    "map_parameters": "encode",
    "prepare_execution_params": "prepare",
    "provider_job_id": "Ticket",
    "requires_file_preparation": "prepare",
    "status_mapping_notes": "a match",
    "tokens_used": "Usage",
    "upload_asset": "prepare",
}

HOME = r"(?<![\w.~-])/(?:home|Users)/[a-z]\w*/|(?<![\w.~-])/roo[t]/"
REGISTRY = r"https?://[^\s\"'<>]*/simple\b|https?://[^\s/]*registry\.|\bpy[p]i\.org|python[h]osted\.org"
SECRET = r"\bsk-(?:ant-|proj-)?[A-Za-z0-9]{32,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}\b|BEGIN [A-Z ]*PRIVATE [K]EY"
TEMPORARY = frozenset({"/", "/home", "/opt", "/srv", "/tmp", "/Users", "/var/tmp"})  # noqa: S108 — only compared


def forbidden_text(root: Path) -> dict[str, re.Pattern[str]]:
    """What must stand in no file of a checkout at `root`: what it is called, and how to find it."""
    places = [HOME, re.escape(str(root)) + r"\b"]
    if str(root.parent) not in TEMPORARY:
        places.append(re.escape(str(root.parent)) + r"/\w")
    return {
        "a machine's path": re.compile("|".join(places)),
        "a registry's address": re.compile(REGISTRY),
        "what looks like a real key": re.compile(SECRET),
    }


def text_faults(text: str, place: Path, patterns: dict[str, re.Pattern[str]]) -> list[str]:
    """Lines of any text that name a machine's path, a registry or a secret."""
    return [
        f"{place}:{number}: {what} ({found.group()[:12]!r} …)"
        for what, pattern in patterns.items()
        if pattern.search(text)
        for number, line in enumerate(text.splitlines(), start=1)
        if (found := pattern.search(line))
    ]


def word_faults(source: str, place: Path) -> list[str]:
    """Identifiers of Python code that another word replaced; comments and strings are free."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return [
        f"{place}:{token.start[0]}: `{token.string}` is called {REPLACED[token.string]} here"
        for token in tokens
        if token.type == tokenize.NAME and token.string in REPLACED
    ]


def main() -> int:
    """Check every file of the project that holds text."""
    faults: list[str] = []
    patterns = forbidden_text(ROOT)
    for path in tracked_files():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a sound
        place = path.relative_to(ROOT)
        faults += text_faults(text, place, patterns)
        if path.suffix == ".py":
            faults += word_faults(text, place)
    return report(faults, what="words")


if __name__ == "__main__":
    sys.exit(main())
