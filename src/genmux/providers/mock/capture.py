"""Reads an account of the simulator out of what was captured, as providers with web pages do."""

from genmux.contract.account import Captured, CapturedAccount, missing_identity, missing_token

COOKIE = "mock_session"
STORED = "mock_token"


def account(captured: Captured) -> CapturedAccount:
    """The token of the cookie, the storage or the bearer header; whose it is, is told by `email` or the storage's `mock_user`.

    Raises InvalidRequestError that names what is missing.
    """
    token = captured.cookies.get(COOKIE) or captured.storage.get(STORED) or captured.bearer
    if not token:
        raise missing_token(f"cookie `{COOKIE}`, no `{STORED}` in the storage and no bearer header")
    identity = captured.email or captured.storage.get("mock_user")
    if not identity:
        raise missing_identity("e-mail address and no `mock_user` in the storage")
    return CapturedAccount(credential={"token": token}, identity=identity, plan=captured.storage.get("mock_plan"))
