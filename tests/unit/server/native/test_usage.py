"""Usage over the native API, on a real database."""

import csv
import io
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from openapi_spec_validator import validate

from genmux.server.callers import PRINCIPAL
from genmux.server.native import application as native
from genmux.server.native.usage import usage_routes
from genmux.services.audit import AuditLog
from genmux.services.usage import Contents, UsageReports
from genmux.store.sqlite.database import SqliteDatabase
from genmux.store.usage.contents import ContentTable
from genmux.store.usage.records import UsageTables
from genmux.types.audit import AuditEntry
from genmux.types.errors import ConfigurationError, ProviderError
from genmux.types.principal import NOBODY, Principal
from tests.unit.server.asgi import Line, piece
from tests.unit.store.usage_rows import DAY, FIRST, make, many

ADMIN = Principal(organisation="other", role="admin", key="admin-key")
MEMBER = Principal(organisation="default", role="member", key="k1")
NOW = FIRST + 60 * DAY
SINCE = {"from": "2026-03-01", "to": "2026-05-01"}


class Api:
    """The routes of usage without the rest of the gateway."""

    def __init__(self, reports: Callable[[], UsageReports]) -> None:
        self.notes: list[AuditEntry] = []
        log = AuditLog(self, lambda: NOW)
        self.app = Litestar(
            route_handlers=usage_routes(reports, log=lambda: log),
            exception_handlers={ProviderError: native._refused, HTTPException: native._wrong},  # noqa: SLF001
            openapi_config=OpenAPIConfig(title="genmux", version="1"),
            logging_config=None,  # it would take over the root logger of the other tests
        )

    async def add(self, entry: AuditEntry) -> None:
        self.notes.append(entry)

    async def entries(self, *_: Any, **__: Any) -> tuple[AuditEntry, ...]:
        return tuple(self.notes)

    async def ask(
        self, path: str, caller: Principal = NOBODY, *, method: str = "GET", body: Any = None, **query: Any
    ) -> tuple[int, Any]:
        line = Line([piece(b"" if body is None else msgspec.json.encode(body))])
        told = {name.rstrip("_"): value for name, value in query.items()}
        scope = {
            "type": "http",
            "method": method,
            "path": f"/api/v1/usage{path}",
            "raw_path": b"",
            "query_string": urlencode(told, doseq=True).encode(),
            "headers": [(b"host", b"localhost"), (b"content-type", b"application/json")],
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 80),
            "scheme": "http",
            "http_version": "1.1",
            "root_path": "",
            "app": self.app,
            "state": {},
            PRINCIPAL: caller,
        }
        await self.app(scope, line.receive, line.send)  # type: ignore[arg-type]
        status = line.sent[0]["status"]
        if line.head["content-type"].startswith("text/csv"):
            return status, line.body.decode()
        return status, msgspec.json.decode(line.body)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    database = SqliteDatabase(tmp_path / "usage.db")
    await database.write(make)
    tables, table = UsageTables(database), ContentTable(database)
    await database.write(lambda tx: tables.write(tx, list(many(60))))
    contents = Contents(table, lambda: NOW, days=30)
    contents.keep("m1", b'{"q": 1}', b'{"a": 2}', principal=Principal(organisation="other", end_user="ann"))
    batch = contents.take()
    assert batch is not None
    await database.write(batch.write)
    yield Api(lambda: UsageReports(tables, table, lambda: NOW))
    await database.aclose()


async def test_root_sees_all_groups_with_totals(api: Api):
    status, told = await api.ask("", group_by="model", **SINCE)
    assert status == 200
    assert [line["group"] for line in told["data"]] == [{"model": name} for name in "abc"]
    assert told["totals"][0]["requests"] == 60
    assert sum(line["requests"] for line in told["data"]) == 60
    assert told["data"][0]["meters"]["tokens.input"] > 0
    assert float(told["totals"][0]["cost"]) > 0
    assert told["complete_since"] is None


async def test_admins_see_their_organisation_and_members_their_key(api: Api):
    _, admin = await api.ask("", ADMIN, group_by="tenant,key", **SINCE)
    assert {line["group"]["tenant"] for line in admin["data"]} == {"other"}
    _, member = await api.ask("", MEMBER, group_by=["tenant", "key"], **SINCE)
    assert [line["group"] for line in member["data"]] == [{"tenant": "default", "key": "k1"}]
    _, rows = await api.ask("/records", MEMBER, **SINCE)
    assert rows["data"]
    assert {(row.get("tenant", "default"), row["key"]) for row in rows["data"]} == {("default", "k1")}
    _, none = await api.ask("", MEMBER, key="k2", **SINCE)
    assert none["data"] == []
    status, fault = await api.ask("", ADMIN, tenant="default", **SINCE)
    assert (status, fault["kind"]) == (404, "not_found")


async def test_rows_come_in_pages(api: Api):
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        _, page = await api.ask("/records", limit=25, **SINCE, **cursor)
        seen += [row["id"] for row in page["data"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert seen == [f"m{number}" for number in reversed(range(60))]


async def test_filters_and_tags_narrow(api: Api):
    _, told = await api.ask("", group_by="tag:f,status", model=["a", "b"], tag="env=prod", **SINCE)
    assert {line["group"]["tag:f"] for line in told["data"]} <= {"0", "1"}
    _, rows = await api.ask("/records", model=["a", "b"], tag="env=prod", **SINCE)
    assert sum(line["requests"] for line in told["data"]) == len(rows["data"])
    assert all(row["tags"]["env"] == "prod" and row["model"] == "b" for row in rows["data"])


@pytest.mark.parametrize(("path", "query"), [(".csv", {}), ("", {"format": "csv"})])
async def test_a_sheet_can_be_had_by_name_or_by_format(api: Api, path: str, query: dict[str, str]):
    status, text = await api.ask(path, group_by="day,model", limit=7, **SINCE, **query)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert status == 200
    assert sum(int(row["requests"]) for row in rows) == 60
    assert rows[0]["day"] == "2026-03-01"


async def test_a_sheet_of_rows_has_all_of_them(api: Api):
    _, text = await api.ask("/records", format="csv", limit=9, **SINCE)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["id"] for row in rows] == [f"m{number}" for number in reversed(range(60))]
    assert rows[0]["meters"].startswith("tokens.input=")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"group_by": "modle"}, "no group 'modle'; there are hour"),
        ({"colour": "red"}, "no parameter 'colour'; there are group_by, from"),
        ({"from": "2026-05-01", "to": "2026-04-01"}, "not before `to`"),
        ({"from": ["2026-05-01", "2026-04-01"]}, "`from` is given more than once"),
        ({"limit": "many"}, "`limit` is 'many'"),
        ({"limit": "²"}, "`limit` is"),
        ({"format": "xml"}, "must be json or csv"),
        ({"time_zone": "Moon"}, "no time zone 'Moon'"),
        ({"cursor": "zzz"}, "cursor"),
    ],
)
async def test_what_is_wrong_is_told(api: Api, query: dict[str, Any], words: str):
    status, fault = await api.ask("", **query)
    assert (status, fault["kind"]) == (400, "invalid_request")
    assert words in fault["message"]


async def test_what_was_said_is_for_admins_of_the_organisation(api: Api):
    status, said = await api.ask("/content/m1", ADMIN)
    assert status == 200
    assert (said["request"], said["answer"], said["end_user"]) == ({"q": 1}, {"a": 2}, "ann")
    assert (await api.ask("/content/m1", NOBODY))[0] == 200
    assert (await api.ask("/content/m1", MEMBER))[0] == 403
    assert (await api.ask("/content/m1", Principal(organisation="default", role="admin")))[0] == 404


async def test_an_end_user_is_forgotten_and_that_is_noted_without_the_name(api: Api):
    assert (await api.ask("/content", MEMBER, method="DELETE", end_user="ann"))[0] == 403
    assert (await api.ask("/content", ADMIN, method="DELETE"))[0] == 400
    status, done = await api.ask("/content", ADMIN, method="DELETE", end_user="ann")
    assert status == 200
    assert done["contents"] == 1
    assert done["records"] > 0
    assert (await api.ask("/content/m1", ADMIN))[0] == 404
    _, left = await api.ask("/records", ADMIN, end_user="ann", **SINCE)
    assert left["data"] == []
    (note,) = api.notes
    assert (note.action, note.tenant) == ("forget", "other")
    assert str(done["records"]) in repr(note)
    assert "ann" not in repr(note)


async def test_corrections_are_booked_where_the_cost_was_unknown(api: Api):
    body = {
        "provider": "openai",
        "costs": {"gen-0": "0.5", "gen-6": "0.25", "gen-4": 9},
        "since": "2026-03-01",
        "until": "2026-05-01",
    }
    status, done = await api.ask("/corrections", method="POST", body=body)
    assert status == 200
    assert (done["records"], float(done["amount"])) == (2, 0.75)
    _, told = await api.ask("/records", cost_source="reported", provider="openai", **SINCE)
    costs = {row["id"]: float(row["cost"]) for row in told["data"]}
    assert (costs["m0"], costs["m6"]) == (0.5, 0.25)
    assert [note.subject for note in api.notes] == ["openai"]
    for wrong in ({**body, "costs": {"gen-12": "-1"}}, {**body, "colour": "red"}, {**body, "since": "nonsense"}):
        assert (await api.ask("/corrections", method="POST", body=wrong))[0] == 400
    for caller in (MEMBER, ADMIN):  # who pays less the less it costs
        assert (await api.ask("/corrections", caller, method="POST", body=body))[0] == 403


async def test_without_a_store_the_way_out_is_told():
    def none() -> UsageReports:
        raise ConfigurationError("nothing is kept without a store")

    status, fault = await Api(none).ask("")
    assert (status, fault["message"]) == (500, "nothing is kept without a store")


async def test_the_description_is_valid_and_names_every_parameter(api: Api):
    document = msgspec.to_builtins(api.app.openapi_schema.to_schema())
    validate(document)
    names = {one["name"] for one in document["paths"]["/api/v1/usage"]["get"]["parameters"]}
    assert {"group_by", "from", "to", "tag", "format", "cursor"} <= names
