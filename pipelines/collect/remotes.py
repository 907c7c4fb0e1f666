"""Places on other machines as folders of files: SFTP, S3, HTTPS and local folders, through fsspec."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urljoin, urlsplit

import fsspec

from pipelines.origin_settings import Origin

PIECE = 2**20
"""Bytes that are asked for at once."""


class RemoteError(Exception):
    """A place that cannot be used as it is configured; the message is one plain line with its mend."""


@dataclass(frozen=True)
class Item:
    """One file elsewhere. place: where it lies, the same each night; version: what changes when the file does."""

    name: str
    place: str
    version: str
    size: int | None


class Remote(Protocol):
    """A place that files are fetched from. grows: whether a file may be seen while it is still being written."""

    grows: bool

    def listing(self) -> list[Item]:
        """What lies there now."""

    def read(self, item: Item, at: int) -> Iterator[bytes]:
        """Its bytes from a position on."""

    def again(self, item: Item) -> Item | None:
        """The file as it is now, None where it is gone."""

    def move(self, item: Item, folder: str) -> None:
        """Put it aside."""

    def messages(self) -> Mapping[str, list[Item]]:
        """What was listed, by the message it came with, which never changes; files that came with none are not here."""

    def close(self) -> None:
        """Let go of the connection."""


class Folder:
    """A folder of an fsspec file system; what it holds is told by size and time, or by the entity tag."""

    def __init__(self, files: Any, root: str, *, grows: bool):
        self._files, self._root, self.grows = files, root, grows

    def listing(self) -> list[Item]:
        """Every file of the folder; what lies in folders below is not looked at."""
        self._files.invalidate_cache()
        found = self._files.ls(self._root, detail=True)
        return [_item(info) for info in found if info["type"] == "file"]

    def read(self, item: Item, at: int) -> Iterator[bytes]:
        """Piece by piece; nothing is kept in a cache."""
        with self._files.open(item.place, "rb", cache_type="none") as handle:
            handle.seek(at)
            while piece := handle.read(PIECE):
                yield piece

    def again(self, item: Item) -> Item | None:
        """Looked up anew."""
        self._files.invalidate_cache()
        try:
            return _item({**self._files.info(item.place), "name": item.place})
        except FileNotFoundError:
            return None

    def move(self, item: Item, folder: str) -> None:
        """Into a folder, beside this one unless it begins with a slash; what lies there under its name is replaced."""
        target = folder if folder.startswith("/") else f"{self._root}/{folder}"
        self._files.makedirs(target, exist_ok=True)
        self._files.mv(item.place, f"{target}/{item.name}")

    def messages(self) -> Mapping[str, list[Item]]:
        """Files lie here by themselves."""
        return {}

    def close(self) -> None:
        """The connection ends with the last one who holds the file system."""
        del self._files


def _item(info: dict[str, Any]) -> Item:
    moment = info.get("ETag") or info.get("mtime") or info.get("LastModified") or info.get("Last-Modified")
    name = str(info["name"])
    return Item(name.rsplit("/", 1)[-1], name, f"{info.get('size')}|{moment}", info.get("size"))


class Web(Folder):
    """Files on a web server: by the links of a page, or by an address with the date in it, {date}."""

    def __init__(self, files: Any, url: str, days: Iterable[date]):
        super().__init__(files, url, grows=False)
        self._days = days

    def listing(self) -> list[Item]:
        """The files of each day that are there, or those that the page links to."""
        if "{date" in self._root:
            places = [self._root.format(date=day.strftime("%Y%m%d")) for day in self._days]
        else:
            mine = urlsplit(self._root).netloc
            links = [urljoin(self._root, str(info["name"])) for info in self._files.ls(self._root, detail=True)]
            places = [link for link in links if urlsplit(link).netloc == mine and not link.endswith("/")]
        return [item for place in places if (item := self.again(Item(_last(place), place, "", None)))]

    def read(self, item: Item, at: int) -> Iterator[bytes]:
        """From its beginning: servers need not know parts of files; what is there already is passed over."""
        with self._files.open(item.place, "rb", block_size=0) as handle:
            while piece := handle.read(PIECE):
                if at < len(piece):
                    yield piece[at:]
                at = max(0, at - len(piece))

    def again(self, item: Item) -> Item | None:
        """Looked up anew; its name is the end of its address. All but a 404 is raised: fsspec takes all for absence."""
        self._files.invalidate_cache()
        try:
            found = _item({**self._files.info(item.place), "name": item.place})
        except FileNotFoundError as error:
            if error.__cause__ is None or getattr(error.__cause__, "status", None) in (404, 410):
                return None
            raise error.__cause__ from None
        return Item(item.name, item.place, found.version, found.size)


def _last(url: str) -> str:
    return urlsplit(url).path.rsplit("/", 1)[-1]


def remote(origin: Origin, password: str | None, until: date, over: Collection[str] = ()) -> Remote:
    """Open a place. RemoteError where a package or a file of ours is missing; errors of the network as they come.

    over: messages that need not be read again.
    """
    if origin.scheme == "imaps":
        from pipelines.collect.mailbox import Mailbox  # noqa: PLC0415 - only who reads mail needs it

        return Mailbox(origin, password, until - timedelta(days=origin.days), over)
    opened: dict[str, Callable[[], Remote]] = {
        "file": lambda: Folder(fsspec.filesystem("file", skip_instance_cache=True), origin.folder, grows=True),
        "sftp": lambda: Folder(_sftp(origin, password), origin.folder, grows=True),
        "s3": lambda: Folder(_s3(origin, password), f"{origin.host}{origin.folder.rstrip('/')}", grows=False),
        "https": lambda: Web(_web(origin, password), origin.url, _days(origin, until)),
        "http": lambda: Web(_web(origin, password), origin.url, _days(origin, until)),
    }
    return opened[origin.scheme]()


def _days(origin: Origin, until: date) -> list[date]:
    return [until - timedelta(days=back) for back in reversed(range(origin.days))]


def _needs(module: str, extra: str) -> None:
    if find_spec(module) is None:
        raise RemoteError(f"the package {module} is not installed; in the program's folder: `pip install '.[{extra}]'`")


def _sftp(origin: Origin, password: str | None) -> Any:
    """The host must be known: a key that nobody vouched for, or that has changed, ends the connection."""
    _needs("sshfs", "sftp")
    known = origin.known_hosts or Path.home() / ".ssh" / "known_hosts"
    for file in (known, origin.key_file):
        if file is not None and not file.is_file():
            raise RemoteError(f"{file}: there is no such file; put the host's key, or your own, there")
    keys = {"client_keys": [str(origin.key_file)], "passphrase": password} if origin.key_file else {"client_keys": None}
    return fsspec.filesystem(
        "ssh",
        host=origin.host,
        port=urlsplit(origin.url).port or 22,
        username=origin.username,
        password=None if origin.key_file else password,
        known_hosts=str(known),
        config=None,
        agent_path=None,
        login_timeout=origin.timeout_seconds,
        connect_timeout=origin.timeout_seconds,
        keepalive_interval=max(1, origin.timeout_seconds // 3),
        skip_instance_cache=True,
        **keys,
    )


def _s3(origin: Origin, password: str | None) -> Any:
    """Keys given here, or those that the environment or the machine itself has."""
    _needs("s3fs", "s3")
    client = {"endpoint_url": origin.endpoint} if origin.endpoint else {}
    if origin.ca_file:
        client["verify"] = str(origin.ca_file)
    timeouts = {"connect_timeout": origin.timeout_seconds, "read_timeout": origin.timeout_seconds}
    return fsspec.filesystem(
        "s3",
        key=origin.username,
        secret=password,
        client_kwargs=client,
        config_kwargs={**timeouts, "retries": {"max_attempts": 1}},
        use_listings_cache=False,
        skip_instance_cache=True,
    )


def _web(origin: Origin, password: str | None) -> Any:
    """With a user name by basic authentication, with a password alone as a bearer's token."""
    import aiohttp  # noqa: PLC0415 - slow to import, and only who fetches from the web needs it

    trusted = ssl.create_default_context(cafile=origin.ca_file)

    async def session(**options: Any) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted), **options)

    options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(sock_read=origin.timeout_seconds, total=None)}
    if origin.username:
        options["auth"] = aiohttp.BasicAuth(origin.username, password or "")
    elif password:
        options["headers"] = {"Authorization": f"Bearer {password}"}
    return fsspec.filesystem("http", client_kwargs=options, get_client=session, skip_instance_cache=True)
