"""`make docs`: write every page anew and name those that changed."""

from __future__ import annotations

import sys

import click

from pipelines.dictionary import documents, fresh
from pipelines.dictionary.words import ROOT, WordError


def main() -> None:
    """Write the pages; a word that is missing ends it in one plain line."""
    for page in documents():
        before = page.read_text(encoding="utf-8")
        try:
            after = fresh(before)
        except WordError as error:
            sys.exit(str(error))
        if after != before:
            page.write_text(after, encoding="utf-8")
            click.echo(f"{page.relative_to(ROOT)}: written anew")


main()
