"""The functions that PostgreSQL has for the ledger (migration 0001), as SQLAlchemy calls them."""

from sqlalchemy import BigInteger, Integer, TextClause, bindparam, text
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import ARRAY

_TEXTS = ARRAY(TextType)
_NUMBERS = ARRAY(BigInteger)
_SMALL = ARRAY(Integer)

HOLD_CALL = "SELECT * FROM genmux_hold($1, $2, $3, $4, $5, $6, $7, $8, $9)"
"""As the driver takes it."""


def _call(statement: str, **kinds: "ARRAY[str] | ARRAY[int]") -> TextClause:
    return text(statement).bindparams(*(bindparam(name, type_=kind) for name, kind in kinds.items()))


POST = _call(
    "SELECT * FROM genmux_post(:budgets, :starts, :drops, :buckets, :subjects, :kinds, :turns,"
    " :held, :spent, :presumed, :leased)",
    budgets=_NUMBERS,
    starts=_NUMBERS,
    drops=_NUMBERS,
    buckets=_NUMBERS,
    subjects=_TEXTS,
    kinds=_TEXTS,
    turns=_SMALL,
    held=_NUMBERS,
    spent=_NUMBERS,
    presumed=_NUMBERS,
    leased=_NUMBERS,
)

HOLD = _call(
    "SELECT * FROM genmux_hold(:workers, :subjects, :lasts, :turns, :firsts, :budgets, :amounts, :starts, :drops)",
    workers=_TEXTS,
    subjects=_TEXTS,
    lasts=_NUMBERS,
    turns=_SMALL,
    firsts=_SMALL,
    budgets=_NUMBERS,
    amounts=_NUMBERS,
    starts=_NUMBERS,
    drops=_NUMBERS,
)

RENEW = text("SELECT genmux_renew(:budget, :start, :drop, :moment)")
