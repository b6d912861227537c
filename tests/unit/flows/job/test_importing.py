"""What an account had made before, adopted as assets."""

import base64
import datetime
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from genmux.contract.http import HttpReply, HttpRequest
from genmux.contract.jobs import Listed, Steps
from genmux.contract.manifest import Manifest
from genmux.contract.provider import Provider
from genmux.flows.job.importing import Importing
from genmux.types.accounts import Account
from genmux.types.assets import AssetFilter, Output
from genmux.types.errors import (
    InvalidRequestError,
    NetworkError,
    PermissionDeniedError,
    ProviderError,
    UnsupportedError,
)
from genmux.types.jobs import Completed, Failed, Pending
from genmux.types.usage import Usage
from tests.assets import ME, OTHER, House, house, picture

MADE = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)


def uri(seed: int) -> str:
    return f"data:image/png;base64,{base64.b64encode(picture(seed=seed)).decode()}"


def listed(number: int, *outputs: Output, **fields: Any) -> Listed:
    return Listed(
        ticket={"id": f"p{number}"},
        state=Completed(outputs=outputs or (Output(url=uri(number)),), usage=Usage(reported_cost=None)),
        created_at=MADE,
        model="flux",
        operation="text_to_image",
        prompt=f"fish {number}",
        **fields,
    )


class Listing:
    """A wire that lists what it is given, in one request."""

    def __init__(self, *jobs: Listed) -> None:
        self.jobs = jobs
        self.since: datetime.datetime | None = None

    def list(self, since: datetime.datetime | None) -> Steps[list[Listed]]:
        self.since = since
        yield HttpRequest(method="GET", url="/jobs", read_only=True)
        return [*self.jobs]


class Silent:
    """A wire that cannot list."""


class World:
    """Providers, accounts and an engine, as far as an import needs them."""

    def __init__(self, *wires: Any) -> None:
        manifest = Manifest(spec=1, id="acme-media", name="Acme", base_url="https://api.acme.test")
        self.provider = Provider(manifest=manifest, wires={str(number): wire for number, wire in enumerate(wires)})
        self.account = Account(id="acc-1", tenant="acme", provider="acme-media", name="work")
        self.credential = {"api_key": "secret"}
        self.ended: list[BaseException | None] = []
        self.asked: list[dict[str, Any]] = []
        self.tickets: set[tuple[str, str]] = set()
        self.fails: ProviderError | None = None

    def load(self, provider_id: str) -> Provider:
        assert provider_id == "acme-media"
        return self.provider

    def base_url(self, manifest: Manifest, given: str | None = None) -> str:
        return given or manifest.base_url

    async def reserve(self, provider: str, **how: Any) -> Any:
        self.asked.append({"provider": provider, **how})
        return self

    def done(self, outcome: BaseException | None, used: Any) -> None:
        assert used == {}
        self.ended.append(outcome)

    async def walk(self, provider: Provider, credential: Any, steps: Any, **_: Any) -> Any:
        assert (provider, credential) == (self.provider, self.credential)
        next(steps)
        if self.fails is not None:
            raise self.fails
        try:
            steps.send(HttpReply(status=200, headers={}, body=b""))
        except StopIteration as end:
            return end.value
        raise AssertionError

    def signed(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("nothing is signed here")

    async def had_tickets(self, provider: str, tickets: Sequence[str]) -> frozenset[str]:
        return frozenset(one for one in tickets if (provider, one) in self.tickets)

    def importing(self, here: House) -> Importing:
        return Importing(
            providers=self,
            places=self,
            accounts=self,
            engine=self,
            shelf=here.shelf,
            collector=here.desk.collector,
            had_tickets=self.had_tickets,
        )


@pytest.fixture
async def here(sqlite_store_url: str, tmp_path: Path) -> AsyncIterator[House]:
    async with house(sqlite_store_url, folder=tmp_path) as found:
        yield found


async def names(here: House, tenant: str = "acme", **asked: Any) -> list[str]:
    found = await here.shelf.list(tenant, AssetFilter(**asked))
    return sorted(str(one.metadata.get("prompt")) for one in found)


async def test_outputs_become_assets_with_where_they_come_from(here: House) -> None:
    one = listed(1, sources=(Output(url=uri(9)),), metadata={"seed": 5})
    world = World(
        Listing(one, Listed(ticket={"id": "p2"}, state=Pending()), Listed(ticket={"id": "p3"}, state=Failed()))
    )
    found = await world.importing(here).run("acme-media", ME, account="work", since=MADE)

    assert (found.provider, found.account, found.listed, found.known, found.more) == ("acme-media", "work", 3, 0, False)
    (asset,) = found.assets
    assert (asset.origin, asset.provider, asset.model, asset.operation) == (
        "imported",
        "acme-media",
        "flux",
        "text_to_image",
    )
    assert (asset.job, asset.team, asset.key) == (None, "t1", "k1")
    assert asset.metadata == {"prompt": "fish 1", "made_at": "2026-01-02T00:00:00Z", "ticket": {"id": "p1"}, "seed": 5}
    (parent,) = asset.parents
    assert await here.shelf.read(parent, "acme") == picture(seed=9)
    assert (await here.shelf.get("acme", parent)).role == "input"
    assert await here.shelf.read(asset.id, "acme") == picture(seed=1)
    assert world.ended == [None]
    assert world.asked[0]["only"] == frozenset({"work"})


async def test_nothing_is_adopted_twice(here: House) -> None:
    world = World(Listing(listed(2, Output(url=uri(2)), Output(url=uri(3))), listed(1)))
    first = await world.importing(here).run("acme-media", ME)
    again = await world.importing(here).run("acme-media", ME)
    theirs = await world.importing(here).run("acme-media", msgspec.structs.replace(OTHER, role="root"))

    assert (len(first.assets), first.known) == (3, 0)
    assert (len(again.assets), again.known) == (0, 2)
    assert len(theirs.assets) == 3
    assert await names(here) == ["fish 1", "fish 2", "fish 2"]


async def test_what_our_own_jobs_made_is_left_alone(here: House) -> None:
    world = World(Listing(listed(2), listed(1)))
    world.tickets.add(("acme-media", '{"id":"p2"}'))
    found = await world.importing(here).run("acme-media", ME)

    assert (len(found.assets), found.known) == (1, 1)
    assert await names(here) == ["fish 1"]


async def test_another_organisations_account_shows_what_it_made_to_root_alone(here: House) -> None:
    world = World(Listing(listed(1)))
    with pytest.raises(PermissionDeniedError, match="acme-media/work belongs to another organisation"):
        await world.importing(here).run("acme-media", msgspec.structs.replace(OTHER, role="admin"))

    assert await names(here, "other") == []
    assert world.ended == [None]


async def test_a_limit_counts_what_is_new_and_goes_on_from_there(here: House) -> None:
    world = World(Listing(*(listed(number) for number in (5, 4, 3, 2, 1))))
    first = await world.importing(here).run("acme-media", ME, limit=2)
    second = await world.importing(here).run("acme-media", ME, limit=2)
    third = await world.importing(here).run("acme-media", ME, limit=2)

    assert [(len(one.assets), one.known, one.more) for one in (first, second, third)] == [
        (2, 0, True),
        (2, 2, True),
        (1, 4, False),
    ]
    assert await names(here) == [f"fish {number}" for number in range(1, 6)]


async def test_what_cannot_be_had_is_told_and_leaves_the_rest(here: House) -> None:
    world = World(Listing(listed(2, Output(url="http://169.254.169.254/x")), listed(1)))
    found = await world.importing(here).run("acme-media", ME)

    assert len(found.assets) == 1
    (failure,) = found.failures
    assert failure.ticket == {"id": "p2"}
    assert "private network" in failure.message


async def test_a_source_that_is_gone_is_left_out(here: House) -> None:
    world = World(Listing(listed(1, sources=(Output(url="http://169.254.169.254/x"), Output(url=uri(9))))))
    found = await world.importing(here).run("acme-media", ME)

    assert len(found.assets[0].parents) == 1


async def test_a_list_that_cannot_be_had_is_told_to_the_account(here: House) -> None:
    world = World(Listing(listed(1)))
    world.fails = NetworkError("gone")
    with pytest.raises(NetworkError):
        await world.importing(here).run("acme-media", ME)

    assert world.ended == [world.fails]


async def test_each_kind_of_wire_is_asked_once(here: House) -> None:
    found = await World(Silent(), Listing(listed(1)), Listing(listed(1))).importing(here).run("acme-media", ME)

    assert found.listed == 1


async def test_a_provider_without_a_list_has_nothing_to_adopt(here: House) -> None:
    with pytest.raises(UnsupportedError, match="no list of jobs"):
        await World(Silent()).importing(here).run("acme-media", ME)


@pytest.mark.parametrize("limit", [0, -1, 1_001])
async def test_a_limit_is_a_number_of_jobs(limit: int, here: House) -> None:
    with pytest.raises(InvalidRequestError, match="`limit`"):
        await World(Listing()).importing(here).run("acme-media", ME, limit=limit)
