"""The signals as people look them up: what each counts and when it is told."""

from __future__ import annotations

from pipelines.checks.patterns import KINDS
from pipelines.dictionary.words import code, table, word


def signals() -> str:
    """Every signal, by its name in recon.toml."""
    rows = [
        (code(kind.name), kind.type, word("signals", kind.name, "counts"), word("signals", kind.name, "told"))
        for kind in KINDS
    ]
    return table(("signal", "type", "what is looked at", "told when"), rows)
