"""A shop with a till that does the same every day: what is far from its usual stands out after few nights."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from scenario import MON, WED2, Shop, days

SHORT_HISTORY = '\n[signals]\nmin_history_days = 5\nincident_history_days = 4\noff = ["trace_gaps"]\n'
"""The shop numbers its rows in the order in which they are told here, so numbers of a day have gaps."""

USUAL = 12


def shop_of(root: Path, settings: str = SHORT_HISTORY, acquirers: tuple[str, ...] = ("UNIONPAY",)) -> Shop:
    """A shop whose till sells twelve times a day, all of it settled the day after."""
    shop = Shop(root, acquirers=acquirers)
    shop.config.write_text(shop.config.read_text(encoding="utf-8") + settings, encoding="utf-8")
    for day in days(MON, WED2):
        for n in range(USUAL):
            at, amount = f"{9 + n}:30:00", f"{50 + n}.00"
            shop.sale(f"{day:%m%d}{n:08}", amount, day, at=at, card_no=f"622202******{day:%d}{n:02}")
            shop.settled(f"{day:%m%d}{n:08}", amount, day + timedelta(days=1), txn_time=f"{day}T{at}")
    return shop


def no_answer(shop: Shop, day: date, count: int) -> None:
    """Sales of a noon that got no answer."""
    for n in range(count):
        cells = {"status": "TIMEOUT", "response_code": "98", "card_no": f"621700******{day:%d}{n:02}"}
        shop.sale(f"9{day:%m%d}{n:07}", "10.00", day, at=f"12:{n:02}:00", **cells)
