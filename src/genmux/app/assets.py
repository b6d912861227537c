"""Puts assets on a store. Imported when a store is opened."""

import importlib.util
import secrets
from collections.abc import Mapping
from pathlib import Path

from genmux.engine.download import Downloader, DownloadLimits
from genmux.engine.guarded_transport import GuardedTransport
from genmux.engine.url_guard import UrlGuard, found_by_proxy
from genmux.services.assets.collecting import Collector
from genmux.services.assets.files import AssetFiles
from genmux.services.assets.inputs.readying import Readying
from genmux.services.assets.inputs.taking import Taking
from genmux.services.assets.keeping import Keeper
from genmux.services.assets.links import Links
from genmux.services.assets.looking import Looker
from genmux.services.assets.shelf import Shelf
from genmux.services.assets.sweeping import Sweeper
from genmux.services.assets.uploads import Uploads
from genmux.services.ports import NewId, Now
from genmux.store.assets.objects import ObjectTable
from genmux.store.assets.storage import Storage, open_storage
from genmux.store.assets.store import AssetTables
from genmux.store.assets.uploads import LinkKeyTable, UploadTables
from genmux.store.opening import Store
from genmux.store.places import default_file
from genmux.store.sqlite.database import SqliteDatabase
from genmux.types.asset_settings import AssetSettings
from genmux.types.errors import ConfigurationError
from genmux.types.version import VERSION

NEEDED = ("av", "multipart", "obstore", "PIL", "puremagic")
"""Modules without which files cannot be kept: the extra `media`."""


def lacking_media() -> ConfigurationError | None:
    """Why files cannot be kept: the extra `media` is not installed; None when it is."""
    lacking = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if not lacking:
        return None
    message = f'files are kept with {", ".join(lacking)}, which are not installed: pip install "genmux[media]"'
    return ConfigurationError(message)


class AssetDesk:
    """The files of one process: what is kept, how it comes in, how it goes out.

    It belongs to the event loop in which it was opened. `storage` and `looker` stand in for its own. Raises
    ConfigurationError for settings that are wrong.
    """

    def __init__(  # noqa: PLR0913 — one part of the world each
        self,
        store: Store,
        settings: AssetSettings,
        *,
        environ: Mapping[str, str],
        now: Now,
        new_id: NewId,
        public_url: str | None = None,
        storage: Storage | None = None,
        looker: Looker | None = None,
    ) -> None:
        database = store.database
        self.settings = settings
        self.storage = storage or open_storage(settings.url, folder=_folder(store, environ), options=settings.options)
        rows, objects, uploads = AssetTables(database), ObjectTable(database), UploadTables(database)
        self._looker = looker or Looker(thumbnails=settings.thumbnails)
        self.downloader = Downloader(
            UrlGuard(settings.private_hosts, by_proxy=found_by_proxy(allowed=settings.proxy_resolves)),
            transport=GuardedTransport(user_agent=f"genmux/{VERSION}"),
            limits=DownloadLimits(bytes=settings.max_bytes, idle=settings.idle, total=settings.total),
        )
        self.keeper = Keeper(objects, self.storage, self._looker, now=now, chance=lambda: secrets.token_hex(16))
        self.shelf = Shelf(rows, objects, self.storage, database, now=now, new_id=new_id, keep_days=settings.keep_days)
        self.links = Links(LinkKeyTable(database), now=now, random=secrets.token_bytes, public_url=public_url)
        collector = Collector(self.downloader, self.keeper, at_once=settings.downloads)
        taking = Taking(self.shelf, self.keeper, self.downloader, self._looker)
        readying = Readying(self.shelf, self.keeper, self.downloader, self._looker, self.links)
        self.files = AssetFiles(self.shelf, collector, taking, readying)
        self.collector = collector
        self.uploads = Uploads(
            uploads,
            self.shelf,
            self.keeper,
            self.storage,
            now=now,
            new_id=new_id,
            max_bytes=settings.max_bytes,
            days=settings.upload_days,
        )
        self.sweeper = Sweeper(rows, objects, uploads, self.storage, now=now)

    async def aclose(self) -> None:
        """Close connections, and end the process that opens foreign files. May be called again."""
        await self.downloader.aclose()
        self._looker.close()


def _folder(store: Store, environ: Mapping[str, str]) -> Path:
    """Beside the file of the store; for a PostgreSQL, where that would be."""
    database = store.database
    file = database.path if isinstance(database, SqliteDatabase) else default_file(environ)
    return file.with_name("assets") if file.name == "genmux.db" else file.with_name(f"{file.name}.assets")
