"""The one way to load our templates: strict about names, and compiled once for all runs."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache, PackageLoader, StrictUndefined
from jinja2.bccache import Bucket

_COMPILED = Path(__file__).parent / "templates" / "__pycache__"


class _Compiled(FileSystemBytecodeCache):
    """Compiled templates beside their sources, as Python keeps its own; compiling takes longer than drawing a page."""

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled; where the folder may not be written to, the next run compiles again."""
        with suppress(OSError):
            _COMPILED.mkdir(exist_ok=True)
            super().dump_bytecode(bucket)


def environment(*, escaped: bool) -> Environment:
    """Templates of this package. escaped: values are markup's text, else plain text."""
    return Environment(
        loader=PackageLoader("reports"),
        autoescape=escaped,  # noqa: S701 - only the plain text part of a mail is not escaped; it is no markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # what is compiled depends on autoescape, and Jinja's own key does not name it
        bytecode_cache=_Compiled(str(_COMPILED), f"{'markup' if escaped else 'text'}-%s.cache"),
    )
