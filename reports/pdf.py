"""A page as PDF, where this machine can make one: WeasyPrint draws it with Pango and the fonts of the machine."""

from __future__ import annotations

import shutil
import subprocess

DEBIAN = "libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0"
FONTS = "fonts-noto-cjk"


class NoPdfError(Exception):
    """This machine makes no PDF; the message says what it lacks and how to get it, in one plain line."""


def as_pdf(page: bytes) -> bytes:
    """The page as PDF, the same bytes for the same page and fonts. NoPdfError where something is missing."""
    try:
        from weasyprint import HTML  # noqa: PLC0415 - takes a second, and needs Pango of the machine
    except ImportError:
        raise NoPdfError("WeasyPrint is not installed; run `make .venv/.installed` in the checkout") from None
    except OSError:  # a library of the system is missing
        raise NoPdfError(f"Pango is not on this machine; Debian, Ubuntu: apt-get install {DEBIAN} {FONTS}") from None
    if not _writes_chinese():
        raise NoPdfError(f"no font of this machine has Chinese characters; Debian, Ubuntu: apt-get install {FONTS}")
    return bytes(HTML(string=page.decode(), url_fetcher=_nothing_from_elsewhere).write_pdf())


def _writes_chinese() -> bool:
    """Whether fontconfig, by which Pango finds its fonts, knows one for Chinese; without it a PDF shows boxes."""
    asked = shutil.which("fc-list")
    if asked is None:
        return True
    words = [asked, ":lang=zh-cn", "family"]
    found = subprocess.run(words, capture_output=True, check=False, timeout=60)  # noqa: S603 - nothing of it is input
    return bool(found.stdout.strip())


def _nothing_from_elsewhere(url: str) -> dict[str, object]:
    raise ValueError(f"{url}: pages need nothing from elsewhere")
