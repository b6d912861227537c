"""`genmux assets`: files that were made, uploaded or adopted."""

import os
import sys
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from genmux.cli.answers import money
from genmux.cli.api import Api, admin
from genmux.cli.console import note, out, print_json, show_facts, show_table, warn
from genmux.cli.limits import read_moment, read_span, read_tags, read_when, shown_moment
from genmux.cli.options import Reach, Switch
from genmux.cli.sizes import shown_length, shown_size
from genmux.types.errors import InvalidRequestError

assets = App(name="assets", help="Files: list them, save them, upload them, share them, adopt what a provider has.")

Id = Annotated[str, Parameter(help="The asset's id.")]
Ids = Annotated[tuple[str, ...], Parameter(help="The ids of assets.", negative="")]


@assets.command(name="list")
def list_(  # noqa: PLR0913 — one filter each
    *,
    kind: Annotated[str | None, Parameter(help="Only image, video, audio, text …")] = None,
    origin: Annotated[str | None, Parameter(help="Only generated, uploaded or imported.")] = None,
    provider: Annotated[str | None, Parameter(help="Only what this provider made.")] = None,
    model: Annotated[str | None, Parameter(help="Only what this model made, without its provider.")] = None,
    job: Annotated[str | None, Parameter(help="Only what this job made.")] = None,
    parent: Annotated[str | None, Parameter(help="Only what was made out of this asset.")] = None,
    search: Annotated[str | None, Parameter(help="Only with this in the name.")] = None,
    since: Annotated[str | None, Parameter(help="Kept since then: a date, or a span such as 24h.")] = None,
    tenant: Annotated[str | None, Parameter(help="Only of this organisation.")] = None,
    limit: Annotated[int, Parameter(name=("--limit", "-n"), help="So many at most; 0 for all.")] = 50,
    common: Reach | None = None,
) -> None:
    """List files, the newest first."""
    common = common or Reach()
    with admin(common) as api:
        asked: dict[str, Any] = {
            "kind": kind,
            "origin": origin,
            "provider": provider,
            "model": model,
            "job": job,
            "parent": parent,
            "search": search,
            "since": None if since is None else read_when(since, param="since"),
            "tenant": tenant,
        }
        found: list[dict[str, Any]] = []
        for one in api.pages("/assets", limit=min(limit, 500) if limit > 0 else 500, **asked):
            found.append(one)
            if len(found) == limit:
                break
        if common.json:
            print_json(found)
        elif found:
            show_table(("asset", "type", "size", "extent", "from", "name", "kept"), map(_row, found))
        else:
            note("There are no such files.")


@assets.command
def show(asset: Id, /, *, common: Reach | None = None) -> None:
    """Show all that is known of a file."""
    common = common or Reach()
    with admin(common) as api:
        _tell(api.get(f"/assets/{asset}"), common)


@assets.command
def save(
    asset: Id,
    /,
    *,
    out_: Annotated[
        str | None, Parameter(name=("--out", "-o"), help="The file to write, a folder, or - for standard output.")
    ] = None,
    force: Annotated[bool, Switch, Parameter(help="Write over a file that is there.")] = False,
    common: Reach | None = None,
) -> None:
    """Save a file on this machine."""
    common = common or Reach()
    with admin(common) as api:
        if out_ == "-":
            api.download(f"/assets/{asset}/content", sys.stdout.buffer.write)
            sys.stdout.buffer.flush()
            return
        found = api.get(f"/assets/{asset}")
        target = _target(found, out_, force=force)
        _download(api, found, target)
        if common.json:
            print_json({"asset": found["id"], "path": str(target)})
        else:
            out.print(str(target))


@assets.command
def upload(
    files: Annotated[tuple[Path, ...], Parameter(help="Files of this machine.", negative="")],
    /,
    *,
    name: Annotated[str | None, Parameter(help="Another name, for a single file.")] = None,
    tag: Annotated[
        tuple[str, ...], Parameter(help="NAME=VALUE: metadata. Repeatable.", negative="", show_default=False)
    ] = (),
    expires: Annotated[str | None, Parameter(help="When it is removed: a date, or a span such as 30d.")] = None,
    resume: Annotated[str | None, Parameter(help="Go on with this upload, which broke off.")] = None,
    common: Reach | None = None,
) -> None:
    """Upload files. Large ones go on where they broke off."""
    from genmux.cli.asset_uploads import Wishes, upload_file

    common = common or Reach()
    with admin(common) as api:
        if len(files) != 1 and (name or resume):
            raise InvalidRequestError("--name and --resume are for a single file", param="name")
        end = None if expires is None else read_moment(expires, param="expires")
        metadata: dict[str, Any] = dict(read_tags(tag))
        made = [
            upload_file(
                api,
                one,
                Wishes(name=name, metadata=metadata, expires_at=end),
                resume=resume,
                progress=_progress,
            )
            for one in files
        ]
        if common.json:
            print_json(made)
        else:
            for one in made:
                out.print(one["id"])


@assets.command
def link(
    asset: Id,
    /,
    *,
    for_: Annotated[str | None, Parameter(name="--for", help="How long it is good: 10m, 12h, 7d.")] = None,
    common: Reach | None = None,
) -> None:
    """Make a link with which anybody can read a file for a while."""
    common = common or Reach()
    with admin(common) as api:
        seconds = None if for_ is None else read_span(for_, param="for").total_seconds()
        made = api.post(f"/assets/{asset}/link", {"seconds": seconds})
        if common.json:
            print_json(made)
        else:
            out.print(made["url"])
            note(f"It is good until {shown_moment(made['expires_at'])}.")


@assets.command
def delete(ids: Ids, /, *, common: Reach | None = None) -> None:
    """Remove files for good."""
    common = common or Reach()
    with admin(common) as api:
        for one in ids:
            api.delete(f"/assets/{one}")
        if common.json:
            print_json({"deleted": ids})
        else:
            out.print(f"{len(ids)} removed")


@assets.command(name="import")
def import_(
    provider: Annotated[str, Parameter(help="Its id.")],
    /,
    *,
    account: Annotated[str | None, Parameter(help="One of its accounts, by name or id.")] = None,
    since: Annotated[str | None, Parameter(help="Made since then: a date, or a span such as 30d.")] = None,
    limit: Annotated[int, Parameter(help="Of so many jobs at most, 1 to 1000.")] = 100,
    tenant: Annotated[str | None, Parameter(help="For this organisation.")] = None,
    common: Reach | None = None,
) -> None:
    """Adopt what an account has made at its provider before. What is here already is left alone."""
    common = common or Reach()
    with admin(common) as api:
        moment = None if since is None else read_when(since, param="since")
        body = {"provider": provider, "account": account, "since": moment, "limit": limit, "tenant": tenant}
        made = api.post("/assets/import", body)
        if common.json:
            print_json(made)
            return
        for one in made["failures"]:
            warn(f"{one['ticket']}: {one['message']}")
        if made["assets"]:
            show_table(("asset", "type", "size", "extent", "from", "name", "kept"), map(_row, made["assets"]))
        told = f"{len(made['assets'])} adopted of {made['listed']} listed jobs, {made['known']} were known"
        note(told + ("; there are more, call it again" if made["more"] else ""))


def _target(found: dict[str, Any], told: str | None, *, force: bool) -> Path:
    """Where a file is to be written. Raises InvalidRequestError for a place that is taken."""
    name = found.get("name") or found["id"]
    if "." not in name:
        from genmux.services.assets.media.signatures import ending_of

        name = f"{name}.{ending_of(found['media_type'])}"
    place = Path(told or ".").expanduser()
    target = place / name if place.is_dir() or (told or "").endswith(("/", os.sep)) else place
    if target.exists() and not force:
        raise InvalidRequestError(f"{target} is there already; --force writes over it", param="out")
    return target


def _download(api: Api, found: dict[str, Any], target: Path) -> None:
    """Write a file, which has its name only when it is complete."""
    partial = target.with_name(f".{target.name}.partial")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            api.download(f"/assets/{found['id']}/content", file.write)
        partial.replace(target)
    except OSError as error:
        raise InvalidRequestError(f"{target} cannot be written: {error.strerror or error}", param="out") from error
    finally:
        partial.unlink(missing_ok=True)


def _progress(done: int, whole: int) -> None:
    note(f"{shown_size(done)} of {shown_size(whole)}")


def _extent(one: dict[str, Any]) -> str:
    """How large a picture is, and how long something plays."""
    sides = f"{one['width']}×{one['height']}" if one.get("width") and one.get("height") else ""
    length = shown_length(one["seconds"]) if one.get("seconds") else ""
    return " ".join(part for part in (sides, length) if part)


def _whence(one: dict[str, Any]) -> str:
    model = "/".join(part for part in (one.get("provider"), one.get("model")) if part)
    return model or one.get("origin", "generated")


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    return (
        one["id"],
        one["media_type"],
        shown_size(one["bytes"]),
        _extent(one),
        _whence(one),
        one.get("name") or "",
        shown_moment(one["created_at"]),
    )


def _tell(one: dict[str, Any], common: Reach) -> None:
    if common.json:
        print_json(one)
        return
    metadata = one.get("metadata", {})
    cost = one.get("cost")
    show_facts([
        ("id", one["id"]),
        ("name", one.get("name") or ""),
        ("type", one["media_type"]),
        ("size", shown_size(one["bytes"])),
        ("extent", _extent(one)),
        ("sha256", one["sha256"]),
        ("organisation", one["tenant"]),
        ("kept", shown_moment(one["created_at"])),
        ("expires", shown_moment(one.get("expires_at"))),
        ("origin", one.get("origin", "generated") + (", simulated" if one.get("simulated") else "")),
        ("model", "/".join(part for part in (one.get("provider"), one.get("model")) if part)),
        ("operation", one.get("operation") or ""),
        ("job", one.get("job") or ""),
        ("cost", money(Decimal(cost)) if cost is not None else ""),
        ("made out of", ", ".join(one.get("parents", ()))),
        ("thumbnail", one.get("poster") or ""),
        *((name, str(value)) for name, value in metadata.items()),
    ])  # fmt: skip
