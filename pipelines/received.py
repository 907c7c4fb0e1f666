"""A line of a file as it was received, from the archive: masked, whatever archive or encoding it came in."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from pathlib import Path

from pipelines.collect import contents
from pipelines.sources import containers
from pipelines.sources.base import Data, SourceError
from pipelines.sources.encoding import encoding_of
from pipelines.sources.pan import mask_text

LONGEST = 2_000
"""Signs of a line that are shown."""

AROUND = 12
"""Lines of a file of markup: a record stands on several."""

HEAD = 65_536


def lines(archive: Path, file: Mapping[str, object], wanted: Mapping[int, Collection[str]]) -> dict[int, str]:
    """Lines of an archived file by number, masked; none where the file is not in the archive any more.

    file: `sha256` and `archived` of the view `files`. wanted: by line, the words that may be shown as they are, as the
    books hold them; every other number as long as a card's is masked, whether its check digit is right or not.
    """
    data = _content(archive, str(file["sha256"]), str(file["archived"] or ""))
    if data is None:
        return {}
    head = bytes(data[:HEAD])
    encoding = encoding_of(head, "utf-8")
    if encoding == "utf-8" and not _is(head, "utf-8"):
        encoding = "gb18030"
    markup = head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<")
    found = _picked(data, encoding, sorted(wanted), AROUND if markup else 1)
    return {number: _masked(text, wanted[number])[:LONGEST] for number, text in found}


_LONG = re.compile(r"(?<![0-9])[0-9]{13,19}(?![0-9])")


def _masked(text: str, known: Collection[str]) -> str:
    def shown(found: re.Match[str]) -> str:
        digits = found[0]
        return digits if digits in known else f"{digits[:6]}{'*' * (len(digits) - 10)}{digits[-4:]}"

    return _LONG.sub(shown, mask_text(text))


def _picked(data: Data, encoding: str, wanted: list[int], around: int) -> Iterator[tuple[int, str]]:
    raw = io.BytesIO(data) if isinstance(data, bytes) else io.BytesIO(bytes(data[:]))
    with io.TextIOWrapper(raw, encoding=encoding, errors="replace", newline=None) as text:
        kept: dict[int, list[str]] = {number: [] for number in wanted}
        for at, line in enumerate(islice(text, (wanted[-1] if wanted else 0) + around), start=1):
            for number in (n for n in wanted if n <= at < n + around):
                kept[number].append(line.rstrip("\n"))
    for number, found in kept.items():
        if found:
            yield number, "\n".join(found)


def _content(archive: Path, digest: str, outer: str) -> Data | None:
    """The file by its SHA-256: as it is, or a member of the archive that it came in."""
    path = archive / digest[:2] / digest
    if path.is_file():
        return contents(path)
    around = Path(outer)
    if not around.is_file():
        return None
    try:
        for member in containers.members(around.name, contents(around)):
            if hashlib.sha256(bytes(member.data[:])).hexdigest() == digest:
                return member.data
    except SourceError:
        return None
    return None


def _is(head: bytes, encoding: str) -> bool:
    """Whether the bytes are of the encoding, but for a sign that the end cuts."""
    try:
        head.decode(encoding)
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 and len(head) == HEAD
    return True
