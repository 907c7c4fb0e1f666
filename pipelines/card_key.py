"""The key of the hashes that stand for card numbers: beside the books, its owner's alone, never published."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path

from pipelines.config import Settings
from pipelines.reading import Read
from pipelines.sources.key_columns import ORDER_NUMBERS, guarded, token

BYTES = 32


def place(settings: Settings) -> Path:
    """Where the key lies."""
    return settings.paths.store.with_suffix(".cardkey")


def _key(path: Path) -> bytes:
    """The key, made where there is none yet: lost, it takes with it that old and new rows of a card number meet."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return bytes.fromhex(path.read_text(encoding="ascii"))
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(secrets.token_hex(BYTES))
        file.flush()
        os.fsync(file.fileno())
    return bytes.fromhex(path.read_text(encoding="ascii"))


def guard(settings: Settings) -> Callable[[Read], Read]:
    """Takes card numbers out of the columns of a file's rows that are not for them."""
    known, apart = frozenset(_named(settings)), ORDER_NUMBERS if settings.run.order_numbers == "keep" else ()

    @cache
    def key() -> bytes:
        return _key(place(settings))

    def guarding(part: Read) -> Read:
        balances = guarded(part.parsed.balances, key, known)
        formed = guarded(part.parsed.formed, key, known, apart)
        return part.guarded(guarded(part.accepted, key, known, apart), balances, formed)

    return guarding


def _named(settings: Settings) -> Iterable[str]:
    """Accounts and merchant numbers of recon.toml: whatever they look like, they are no cards."""
    yield from (source.account for source in settings.sources if source.account)
    for contract in settings.contracts:
        yield from (value for value in (contract.payout_account, contract.merchant_id) if value)


def as_kept(settings: Settings, text: str) -> str:
    """A key as the books hold it: what a person types may be a card number, or look like one."""
    return token(text, lambda: _key(place(settings)))
