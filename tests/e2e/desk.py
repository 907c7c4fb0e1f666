"""The desk of somebody who works on cases: nothing but commands, as the manual writes them."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from docx import Document
from people import recon, told
from scenario import Shop, days


@dataclass
class Desk:
    """A shop, its nights, and two people: Li Na does the work, Wang Wei checks it."""

    shop: Shop

    def nights(self, first: date, last: date) -> None:
        """Files arrive and `recon run` runs, night after night; it ends with 0, or 3 where a file is missing."""
        for day in days(first, last):
            self.shop.arrive(day)
            done = recon(self.shop, "run", "--date", str(day), "--no-prefect")
            assert done.exit_code in (0, 3), done.stderr

    def found(self, kind: str, **cells: object) -> dict[str, Any]:
        """The one exception of a type that `recon exceptions` lists."""
        listed = told(self.shop, "exceptions", "--type", kind)
        (one,) = [e for e in listed if all(e[name] == value for name, value in cells.items())]
        return dict(one)

    def case(self, *words: str, by: str = "Li Na") -> Any:
        """`recon case …` by Li Na, or by somebody else."""
        return told(self.shop, "case", *words, "--by", by)

    def shown(self, key: str) -> dict[str, Any]:
        """`recon case show`."""
        return dict(told(self.shop, "case", "show", key))

    def attached(self, key: str, name: str, piece: str) -> None:
        """A file is kept as a piece of the checklist."""
        path = self.shop.root / name
        path.write_bytes(f"\x00 {name}".encode())
        self.case("evidence", key, str(path), "--for", piece)

    def answered(self, key: str, **facts: bool) -> str:
        """What the shop says; returns the remedy that the guidance then names."""
        words = [word for name, value in facts.items() for word in ("--fact", f"{name}={'yes' if value else 'no'}")]
        self.case("investigate", key, *(word.replace("_", "-") for word in words))
        (guide,) = self.shown(key)["guidance"]
        return str(guide["remedy"])

    def agreed(self, key: str, remedy: str, reason: str, *words: str) -> None:
        """Proposed by one, approved by the other."""
        self.case("propose", key, "--remedy", remedy, "--reason", reason, *words)
        self.case("approve", key, by="Wang Wei")

    def closed(self, key: str, recovered: str, cause: str, form: str) -> None:
        """Resolved; its pack is whole, its form names it, and nothing on record was changed."""
        self.case("resolve", key, "--recovered", recovered, "--cause", cause, "--reason", "the money is right")
        self.looked_at(key, form)
        assert not [e for e in told(self.shop, "exceptions") if e["exception_id"] == key]

    def looked_at(self, key: str, form: str) -> None:
        """Pack and form of a case, and the seals."""
        out = self.shop.root / "pack"
        made = told(self.shop, "case", "pack", key, "--out", str(out), "--form", form)
        assert made["missing"] == [], "the checklist is complete"
        with zipfile.ZipFile(out / f"case-{key}.zip") as archive:
            names = archive.namelist()
            assert archive.testzip() is None
        assert {f"forms/{form}.zh.docx", f"forms/{form}.en.docx", "SHA256SUMS"} <= set(names)
        file = Path(told(self.shop, "case", "form", key, form)["file"])
        text = "\n".join(cell.text for table in Document(str(file)).tables for row in table.rows for cell in row.cells)
        assert key in text or form == "letter"
        assert told(self.shop, "audit", "verify")["whole"] is True
