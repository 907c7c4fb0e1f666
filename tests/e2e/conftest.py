"""Every test has a shop of its own; the report's templates are compiled once for all nights of the folder."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from scenario import Shop

from reports import html


@pytest.fixture(scope="session", autouse=True)
def _templates_compiled_once() -> Iterator[None]:
    """Compiling them takes longer than a whole small night."""
    plain = html._environment

    @cache
    def once() -> Environment:
        from jinja2 import PackageLoader

        return plain(PackageLoader("reports"))

    def environment(loader: Any) -> Environment:
        del loader
        return once()

    html._environment = environment
    yield
    html._environment = plain


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Cards at UNIONPAY, one bank account, nothing sold yet."""
    return Shop(tmp_path / "shop")
