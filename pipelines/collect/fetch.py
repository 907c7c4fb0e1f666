"""Files from other places into the inbox: only new and finished ones, each whole or not at all, each once."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

from pipelines.collect import UNFINISHED, contents, sha256
from pipelines.collect.remotes import Item, Remote, RemoteError, remote
from pipelines.config import Source
from pipelines.origin_settings import Origin
from pipelines.sources.sidecars import file_of, is_sidecar

Result = TypeVar("Result")
Say = Callable[[str], None]
Secret = Callable[[str | None, str | None], str | None]
Open = Callable[[Origin, str | None, date, Collection[str]], Remote]

NOT_THE_NETWORK = ("HostKeyNotVerifiable", "KeyImportError", "ClientResponseError", "NoCredentialsError", "ClientError")
"""Faults, by name so that no package is needed to know them, that no second attempt mends."""


@dataclass(frozen=True)
class Fetched:
    """One file that was fetched: where from, in which version, and what is in it."""

    source: str
    place: str
    version: str
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True)
class Errand:
    """What fetching for a source needs to know.

    known: (place, version) of what was fetched before; archive: where files of earlier nights are kept; keep: puts a
    file on record as soon as it is in the inbox. over: messages that hold nothing more; pass_over: puts those on record
    that are over now, in place of those before.
    """

    source: Source
    inbox: Path
    archive: Path
    until: date
    known: Collection[tuple[str, str]]
    secret: Secret
    say: Say
    keep: Callable[[Fetched], None]
    open: Open = remote
    over: Collection[str] = ()
    pass_over: Callable[[Collection[str]], None] = lambda _: None


def fetch(errand: Errand) -> list[Fetched]:
    """Fetch what is new for a source; what goes wrong elsewhere is said in one plain line and costs that source only.

    OSError where the inbox cannot be written: that is ours to mend.
    """
    origin = errand.source.collect
    if origin is None:
        return []
    try:
        password = errand.secret(origin.password_env, origin.password_block)
        if (origin.password_env or origin.password_block) and password is None:
            raise RemoteError(f"no password in {origin.password_env or origin.password_block}; put it there")
        return _fetch_all(errand, origin, password)
    except _OursError as error:
        raise error.cause from None
    except Exception as error:  # noqa: BLE001 - said in plain words; the other sources and the night go on
        errand.say(f"{errand.source.name}: {origin.url}: {plainly(error)}")
        return []


class _OursError(Exception):
    """The inbox cannot be written."""

    def __init__(self, cause: OSError):
        super().__init__(str(cause))
        self.cause = cause


def plainly(error: BaseException) -> str:
    """What went wrong elsewhere and its mend, in one line."""
    told = " ".join(str(error).split()) or type(error).__name__
    names = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, RemoteError):
        return told
    if "HostKeyNotVerifiable" in names:
        return "the host's key is not the one that is known; ask its operator before you put a new key into known_hosts"
    if isinstance(error, PermissionError):
        return f"it does not let us in: {told}; correct the login or its rights"
    if isinstance(error, FileNotFoundError):
        return "there is no such folder; correct url"
    if "SSLError" in names or "ClientConnectorCertificateError" in names:
        return f"its certificate is not trusted: {told}; correct ca_file, or ask its operator"
    return f"it cannot be reached: {told}; what is there comes with the next run"


def _fetch_all(errand: Errand, origin: Origin, password: str | None) -> list[Fetched]:
    """With a connection of its own for every attempt: one that broke is not used again."""
    got: list[Fetched] = []

    def attempt() -> None:
        place = errand.open(origin, password, errand.until, errand.over)
        try:
            for item in _finished(errand, origin, place, _had(errand, got)):
                if done := _fetch(errand, place, item):
                    errand.keep(done)
                    got.append(done)
            if origin.afterwards == "move" and origin.move_to:
                _tidy(errand, origin, place, _had(errand, got), origin.move_to)
            _pass_over(errand, origin, place, _had(errand, got))
        finally:
            _close(place)

    _patiently(origin, attempt)
    return got


def _had(errand: Errand, got: Iterable[Fetched]) -> set[tuple[str, str]]:
    """Place and version of all that was fetched, by earlier nights or a moment ago."""
    return {*errand.known, *((each.place, each.version) for each in got)}


def _tidy(errand: Errand, origin: Origin, place: Remote, had: Collection[tuple[str, str]], folder: str) -> None:
    """Put aside what was fetched, also by a run that was killed before it came to it."""
    there = place.listing()
    names = {item.name for item in there}
    for item in there:
        if _wanted(item, errand.source, origin, names) and (item.place, item.version) in had:
            place.move(item, folder)


def _pass_over(errand: Errand, origin: Origin, place: Remote, had: Collection[tuple[str, str]]) -> None:
    """Remember the messages that are over: nothing in them is ours, or all of it was fetched and is left there."""

    def over(item: Item) -> bool:
        if _fits(item, errand.source):
            return origin.afterwards == "leave" and (item.place, item.version) in had
        return origin.done_marker is None  # else it may be the marker of another

    messages = {message for message, items in place.messages().items() if all(map(over, items))}
    if messages != {*errand.over}:
        errand.pass_over(messages)


def _close(place: Remote) -> None:
    with suppress(Exception):  # the connection is gone already; what mattered was raised before
        place.close()


def _patiently(origin: Origin, attempt: Callable[[], Result]) -> Result:
    def worth(error: BaseException) -> bool:
        names = {kind.__name__ for kind in type(error).__mro__}
        ours = isinstance(error, (_OursError, RemoteError, PermissionError, FileNotFoundError))
        known = isinstance(error, Exception) and not ours and not names & {*NOT_THE_NETWORK}
        return known and (isinstance(error, (OSError, EOFError)) or _of_network(names))

    waits = wait_exponential(multiplier=origin.wait_seconds, max=60)
    tries = Retrying(
        stop=stop_after_attempt(origin.attempts),
        wait=waits,
        retry=retry_if_exception(worth),
        reraise=True,
    )
    return tries(attempt)


def _of_network(names: Collection[str]) -> bool:
    """Whether a fault is one of the connection: packages have trees of their own for these."""
    return bool(
        {"DisconnectError", "SFTPError", "ClientError", "FSTimeoutError", "abort", "HTTPClientError"} & {*names}
    )


def _finished(errand: Errand, origin: Origin, place: Remote, had: Collection[tuple[str, str]]) -> list[Item]:
    """New files that fit the source and are whole, checksums before what they speak of."""
    there = place.listing()
    names = {item.name for item in there}
    wanted = [item for item in there if _wanted(item, errand.source, origin, names)]
    new = [item for item in wanted if (item.place, item.version) not in had]
    if new and place.grows and not origin.done_marker and origin.stable_seconds:
        time.sleep(origin.stable_seconds)
        later = {(item.place, item.version) for item in place.listing()}
        for item in new:
            if (item.place, item.version) not in later:
                errand.say(f"{errand.source.name}: {item.name} is still being written; it comes with the next run")
        new = [item for item in new if (item.place, item.version) in later]
    return sorted(new, key=lambda item: (not is_sidecar(item.name), item.name, item.place))


def _wanted(item: Item, source: Source, origin: Origin, names: Collection[str]) -> bool:
    if not _fits(item, source):
        return False
    return origin.done_marker is None or origin.done_marker.format(name=_whose(item.name)) in names


def _fits(item: Item, source: Source) -> bool:
    name = item.name
    finished = not name.startswith((".", "~")) and not name.lower().endswith(UNFINISHED)
    return finished and fnmatchcase(_whose(name), source.pattern)


def _whose(name: str) -> str:
    """The file that a checksum speaks of, or the file itself."""
    return file_of(name) if is_sidecar(name) else name


def _fetch(errand: Errand, place: Remote, item: Item) -> Fetched | None:
    """One file into the inbox; a transfer that broke goes on where it stopped. None where it has to wait."""
    name = errand.source.name
    part = errand.inbox / f".{item.name}.{_mark(item)}.part"
    _receive(place, item, part)
    now = place.again(item)
    if now is None or now.version != item.version or (item.size is not None and part.stat().st_size != item.size):
        part.unlink(missing_ok=True)
        errand.say(f"{name}: {item.name} changed while it was read; it comes with the next run")
        return None
    digest = sha256(contents(part))
    target = errand.inbox / item.name
    if target.exists() and not _safe(target, digest, errand.archive):
        part.unlink()
        errand.say(
            f"{name}: another {item.name} lies in the inbox and is not in the books yet; it comes with the next run"
        )
        return None
    part.replace(target)
    return Fetched(name, item.place, item.version, item.name, digest, target.stat().st_size)


def _receive(place: Remote, item: Item, part: Path) -> None:
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        held = part.stat().st_size if part.exists() else 0
        for stale in part.parent.glob(f".{_escaped(item.name)}.*.part"):
            if stale != part:  # of a version that is there no more
                stale.unlink()
        handle = part.open("ab")
    except OSError as error:
        raise _OursError(error) from None
    with handle:
        for piece in place.read(item, held):
            try:
                handle.write(piece)
            except OSError as error:
                raise _OursError(_named(error, part)) from None
        try:
            handle.flush()
            os.fsync(handle.fileno())
        except OSError as error:
            raise _OursError(_named(error, part)) from None


def _named(error: OSError, part: Path) -> OSError:
    return OSError(error.errno, error.strerror, str(part.parent))


def _escaped(name: str) -> str:
    return "".join(f"[{sign}]" if sign in "*?[" else sign for sign in name)


def _mark(item: Item) -> str:
    return hashlib.sha256(f"{item.place}|{item.version}".encode()).hexdigest()[:12]


def _safe(target: Path, digest: str, archive: Path) -> bool:
    """Whether a file of that name may be replaced: it is the same, or kept in the archive."""
    held = sha256(contents(target))
    return held == digest or (archive / held[:2] / held).exists()
