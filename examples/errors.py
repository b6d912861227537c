"""Catch errors by class or by kind; know whether a repetition is safe."""

from genmux import Client, ProviderError, RateLimitError, ValidationError

with Client(model="mock/echo") as client:
    try:
        client.chat("[mock fault=rate_limit] hello", retries=0)
    except RateLimitError as error:
        print("rate limited; safe to repeat:", error.retryable)

    try:
        client.chat("hello", temperature=9, n=0)
    except ValidationError as error:
        print("all faults at once:", *error.faults, sep="\n  ")

    try:
        client.chat("hello", model="openia/gpt-5.4")
    except ProviderError as error:
        print(error.kind, "-", error.message)
