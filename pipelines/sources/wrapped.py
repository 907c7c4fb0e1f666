"""Text that a bank wrapped at fixed places, in mid-word: joined so that references are found.

A full line goes on in the next one without a blank, a shorter one ended there. Since banks differ, the words on both
sides of a break are kept in the other reading as well, after ` | `: a reference is found however its line was broken.
"""

from __future__ import annotations

from collections.abc import Sequence

AFTERTHOUGHT = " | "
LONGEST_WORD = 64


def joined(pieces: Sequence[str], full: Sequence[bool]) -> tuple[str, list[str]]:
    """Pieces as one text, and the words that a break may have cut or glued, in the other reading.

    full: whether each piece fills its line.
    """
    parts: list[str] = []
    breaks: list[tuple[int, bool]] = []
    length, end, goes_on = 0, " ", False
    for piece, fills in zip(pieces, full, strict=True):
        said = bool(piece.strip())
        close = said and length > 0 and not (end.isspace() or piece[0].isspace())
        glued = close and goes_on
        blank = " " if (close and not glued) or (not said and not end.isspace()) else ""
        if close:
            breaks.append((length + len(blank), glued))
        parts.append(blank + (piece if said else ""))
        length += len(parts[-1])
        end = parts[-1][-1:] or end
        goes_on = fills
    text = "".join(parts)
    return text, [_other_reading(text, at, glued=glued) for at, glued in breaks]


def _other_reading(text: str, at: int, *, glued: bool) -> str:
    left = text[max(0, at - LONGEST_WORD) : at].split()[-1:]
    right = text[at : at + LONGEST_WORD].split()[:1]
    return (" " if glued else "").join((*left, *right))


def told(text: str, others: Sequence[str]) -> str | None:
    """The text with its blanks tidied, and after it the other readings of its breaks."""
    return AFTERTHOUGHT.join(filter(None, (" ".join(text.split()), *dict.fromkeys(others)))) or None
