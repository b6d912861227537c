"""Manifest and wires together: a provider."""

from collections.abc import Mapping
from typing import Any

import msgspec

from genmux.contract.account import AccountHook
from genmux.contract.auth import Auth, TimedAuth, bearer
from genmux.contract.error_map import ErrorMap
from genmux.contract.manifest import Manifest


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """A service that serves models.

    `wires` holds a `CallWire`, a `JobWire` or a `LocalEngine` by each name that the manifest's models give for their operations.
    `account` reads an account out of what was captured in a browser.
    """

    manifest: Manifest
    wires: Mapping[str, Any]
    auth: Auth | TimedAuth = bearer
    errors: ErrorMap = ErrorMap()
    account: AccountHook | None = None

    @property
    def id(self) -> str:
        """By which it is named."""
        return self.manifest.id
