"""What all tests share: on CI property tests draw the same examples every time, at home they look for new ones."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("home", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "home")


def pytest_make_parametrize_id(config: pytest.Config, val: object, argname: str) -> str | None:
    """Gzip's bytes are named by their argument: they hold the time, and processes must agree on the names of tests."""
    return argname if isinstance(val, bytes) and (len(val) > 24 or val.startswith(b"\x1f\x8b")) else None
