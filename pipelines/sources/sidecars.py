"""Checksums that a sender gives beside a file: `NAME.sha1` or `NAME.sha256` holds the digest of the file NAME.

WeChat Pay states the SHA-1 of a bill before it is packed, so of a gzip or zip the digest of the one file in it counts
as well. Sources: formats/SPEC-wechat.md; the layout that sha1sum and sha256sum write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from pipelines.sources.base import Data, SourceError

ALGORITHMS = {".sha1": "sha1", ".sha256": "sha256"}
"""Algorithm by the ending of the sidecar's name."""

LONGEST = 4_096
_LENGTHS = {"sha1": 40, "sha256": 64}
_LINE = re.compile(r"^\\?([0-9A-Fa-f]+)(?:[ \t]+\*?(.*))?$")


def is_sidecar(name: str) -> bool:
    """Whether a file of this name holds the checksum of another."""
    return name.lower().endswith(tuple(ALGORITHMS)) and name.lower() not in ALGORITHMS


def file_of(name: str) -> str:
    """The file that a sidecar speaks of."""
    return name.rpartition(".")[0]


def stated(sidecar: str, text: bytes, filename: str) -> str:
    """The digest that a sidecar states, in lower case: a bare one, or that on the line of the file's name.

    SourceError where it holds none.
    """
    algorithm = ALGORITHMS["." + sidecar.lower().rpartition(".")[2]]
    lines = [line.strip() for line in text.decode("utf-8-sig", errors="replace").splitlines() if line.strip()]
    found = [match for match in map(_LINE.match, lines) if match and len(match[1]) == _LENGTHS[algorithm]]
    mine = [match[1].lower() for match in found if len(lines) == 1 or (match[2] or "").strip() == filename]
    if len(mine) != 1:
        what = f"{sidecar} holds no {algorithm.upper()} of it"
        raise SourceError(what, mend=f"write the {_LENGTHS[algorithm]} digits of the digest into it, or take it away")
    return mine[0]


def compare(sidecar: str, says: str, contents: Iterable[Data], digest: Callable[[Data, str], str]) -> None:
    """SourceError, with both digests, unless what a sidecar says is the digest of one of the contents.

    contents: the file as it came, and unpacked where it holds one file; digest: of bytes, by algorithm.
    """
    algorithm = ALGORITHMS["." + sidecar.lower().rpartition(".")[2]]
    found = []
    for data in contents:
        found.append(digest(data, algorithm))
        if found[-1] == says:
            return
    raise SourceError(
        f"its {algorithm.upper()} is {found[-1]}, and {sidecar} says {says}", mend="ask the sender to send it again"
    )
