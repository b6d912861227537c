"""Faults that are wished for beside the prompt: in the path, in a header, in the name of the model."""

from urllib.parse import unquote

import msgspec

from genmux.providers.mock.directive import NO_DIRECTIVE, Directive, read_directive
from genmux.providers.mock.loaded import FAULT_MODEL
from genmux.testing.simulator.http import Head

HEADER = "x-mock-fault"
PREFIX = "/fault/"


def path_of(head: Head) -> str:
    """The path without the fault in front of it."""
    path = head.path
    return "/" + path[len(PREFIX) :].partition("/")[2] if path.startswith(PREFIX) else path


def wished(head: Head) -> Directive:
    """What path and header wish for: `/fault/rate_limit,after=3/v1/…`, `x-mock-fault: rate_limit after=3`.

    Raises InvalidRequestError for words that are not understood.
    """
    said = head.headers.get(HEADER, "")
    if head.path.startswith(PREFIX):
        said += " " + unquote(head.path[len(PREFIX) :].partition("/")[0]).replace(",", " ")
    return read_directive(said) if said else NO_DIRECTIVE


def named(model: str) -> str:
    """The name of a model without our own provider in front of it."""
    return model.removeprefix("mock/")


def with_model_fault(directive: Directive, model: str) -> Directive:
    """The directive with the fault of the model's name, unless it has one."""
    if directive.fault is None and model.startswith(FAULT_MODEL):
        return msgspec.structs.replace(directive, fault=model.removeprefix(FAULT_MODEL).replace("-", "_"))
    return directive
