"""Card numbers planted in every text field of the input: nothing written, said, published or mailed holds one."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from postoffice import PASSWORD, Office
from reading import rows_of
from scenario import MON, TUE, WED, Shop
from sheets import BANK, JOURNAL, SETTLEMENT, SHOP

from pipelines import card_key, config
from pipelines.cli import cli
from pipelines.sources.key_columns import is_card
from pipelines.sources.pan import luhn
from pipelines.store import Store

RUN = re.compile(rb"(?<![0-9])[0-9]{13,19}(?![0-9])")
COUNTED = {"amount", "currency", "txn_time", "gross", "fee", "net", "settlement_date", "booking_date", "value_date"}
COUNTED |= {"balance", "record_type", "txn_type", "channel", "status", "card_type"}


def cards() -> Iterator[str]:
    """Numbers of UnionPay, Visa and Mastercard, each its own."""
    for number in range(10_000):
        for start, length in (("622202", 19), ("411111", 16), ("555555", 16), ("621700", 16)):
            body = f"{start}{number:0{length - 7}d}"
            yield next(body + digit for digit in "0123456789" if luhn(body + digit))


@pytest.fixture
def planted(place: Path) -> tuple[Shop, list[str]]:
    """Rows of which each has a card number in one of its columns, and each column of every file has had one."""
    shop, numbers, used = Shop(place / "shop"), cards(), []

    def spoil(row: dict[str, str], column: str) -> None:
        used.append(next(numbers))
        row[column] = used[-1]

    for at, column in enumerate(c for c in JOURNAL if c not in COUNTED):
        spoil(shop.sale(f"60300000{at:04d}", f"{at + 1}.00", MON), column)
        spoil(shop.refund(f"60400000{at:04d}", f"{at + 1}.00", MON, of=f"60900000{at:04d}"), column)
    for at, column in enumerate(c for c in SETTLEMENT if c not in COUNTED):
        spoil(shop.settled(f"60500000{at:04d}", f"{at + 20}.00", TUE, payout_id="P1"), column)
        spoil(shop.settled("", f"-{at + 1}.00", TUE, kind="ADJUSTMENT", payout_id="P1"), column)
    for column in (c for c in BANK if c not in COUNTED):
        spoil(shop.banked("UPS", "5.00", TUE), column)
    bad = shop.sale("606000000001", "1.00", MON, txn_type="GIFT")
    spoil(bad, "order_no")
    for column in ("status", "currency"):
        spoil(shop.sale(f"60700000{len(used):04d}", "1.00", MON), column)
    return shop, used


def readable(path: Path) -> bytes:
    """The content of a file; of a workbook its sheets."""
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as book:
        return b"\n".join(book.read(name) for name in book.namelist())


def everything_in(store: Store) -> bytes:
    """Every cell of every table and view."""
    names = store.execute(
        "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ('main', 'book')"
    )
    assert len(names) > 20
    return b"\n".join(str(store.execute(f'SELECT * FROM {schema}."{name}"')).encode() for schema, name in names)  # noqa: S608


def found_in(content: bytes, used: list[str]) -> set[str]:
    """Planted numbers, and any other that looks like a card's."""
    numbers = {number.decode() for number in RUN.findall(content)}
    return {number for number in used if number.encode() in content} | {n for n in numbers if is_card(n)}


def test_no_card_number_is_written_anywhere_but_in_the_archive(
    planted: tuple[Shop, list[str]], place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop, used = planted
    monkeypatch.setenv("RECON_MAIL_PASSWORD", PASSWORD)
    office = Office(place)
    toml = office.toml({"to": ["boss@example.com"]}, {"to": ["till@example.com"], "merchants": [SHOP]})
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + "\n" + toml, encoding="utf-8")
    with office.open() as box:
        said = [line for day in (MON, TUE, WED) for line in shop.night(day).said]
    assert len(used) > 50
    var = shop.root / "var"
    files = [file for file in var.rglob("*") if file.is_file() and "archive" not in file.relative_to(var).parts]
    assert {".html", ".xlsx", ".json", ".duckdb", ".cardkey"} <= {file.suffix for file in files}
    for file in files:
        assert not found_in(readable(file), used), file.name
    with Store(config.load(shop.config).paths.store) as store:
        assert not found_in(everything_in(store), used)
    told = CliRunner().invoke(cli, ["exceptions", "--status", "all", "--json", "--config", str(shop.config)])
    assert not found_in("\n".join([*said, told.stdout]).encode(), used)
    assert len(box.mails) == 6
    for _, mail in box.mails:
        for part in mail.walk():
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                assert isinstance(content, bytes)
                if part.get_content_type().endswith("sheet"):
                    (place / "mailed.xlsx").write_bytes(content)
                    content = readable(place / "mailed.xlsx")
                assert not found_in(content, used)
        assert not found_in(str(mail["Subject"]).encode(), used)


def test_the_key_is_its_owners_alone_and_never_published(planted: tuple[Shop, list[str]]) -> None:
    shop, _ = planted
    shop.night(MON)
    key = card_key.place(config.load(shop.config))
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    shop.night(TUE)
    assert key.read_bytes() == before
    for file in (shop.root / "var" / "published").rglob("*"):
        assert not file.is_file() or before not in file.read_bytes()


def test_rows_with_such_keys_still_meet(place: Path) -> None:
    """Order numbers, a payout's id and what the bank says of it, all of the shape of a card number."""
    shop = Shop(place / "shop", acquirers=("UNIONPAY", "WECHAT"))
    orders = [card for card, _ in zip(cards(), range(6), strict=False)]
    payout = orders.pop()
    for order in orders:
        shop.wallet(order, "10.00", MON)
        shop.wallet_settled(order, "10.00", TUE, payout_id=payout)
    shop.declared(payout, "50.00", TUE, acquirer="WECHAT")
    shop.banked(f"payout {payout}", "50.00", WED, acquirer="WECHAT")
    night = shop.nights(MON, WED)
    assert night.open == []
    assert {row["state"] for row in rows_of(shop, "SELECT state FROM journal")} == {"matched"}
    assert rows_of(shop, "SELECT bank_minor, verdict FROM payout_bridge") == [
        {"bank_minor": 5000, "verdict": "MATCHED"}
    ]


def test_a_key_can_be_asked_for_as_it_is_printed(place: Path) -> None:
    shop = Shop(place / "shop", acquirers=("WECHAT",))
    order = next(cards())
    shop.wallet_settled(order, "10.00", TUE)
    night = shop.nights(MON, TUE)
    assert night.only("NOT_IN_JOURNAL")["order_no"] == card_key.as_kept(config.load(shop.config), order)


def test_order_numbers_that_only_look_like_cards_can_be_kept(place: Path) -> None:
    shop = Shop(place / "shop", acquirers=("WECHAT",), run={"order_numbers": "keep"})
    order = next(cards())
    shop.wallet_settled(order, "10.00", TUE)
    assert shop.nights(MON, TUE).only("NOT_IN_JOURNAL")["order_no"] == order
