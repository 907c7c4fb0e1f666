"""One run of nights that many stories share: each tells its rows first, and reads after the last what came of them.

A story is a generator: what stands before its `yield` happens before the first night, what stands after it is the
test. Stories never share a key, so each could as well be told alone; together they cost ten nights instead of five
hundred.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from reading import KEYS
from scenario import MON, WED2, Shop

Story = Callable[[Shop], Iterator[None]]


@dataclass
class Week:
    """Nights in which every expected file is there in time."""

    first: date
    last: date
    stories: list[Story] = field(default_factory=list)
    _endings: dict[Story, Iterator[None]] = field(default_factory=dict)
    _played: bool = False

    def story(self, tell: Story) -> Callable[[Path], None]:
        """Make a test of a story."""
        self.stories.append(tell)

        def test(memory: Path) -> None:
            if not self._played:
                self._play(Shop(memory / "week", acquirers=("UNIONPAY", "WECHAT")))
            assert list(self._endings.pop(tell)) == []

        test.__name__, test.__doc__ = tell.__name__, tell.__doc__
        return test

    def _play(self, shop: Shop) -> None:
        self._played = True
        told: set[str] = set()
        for tell in self.stories:
            before = {id(row) for rows in shop.rows.values() for row in rows}
            self._endings[tell] = tell(shop)
            next(self._endings[tell])
            new = [row for rows in shop.rows.values() for row in rows if id(row) not in before]
            mine = {row[k] for row in new for k in KEYS if row.get(k)}
            assert not mine & told, f"{tell.__name__} tells of {mine & told}, which another story does"
            told |= mine
        shop.nights(self.first, self.last)


WEEK = Week(MON, WED2)
"""MON to WED2, cards and wallets, nothing late."""
