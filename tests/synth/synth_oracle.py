"""A slow, plain judge that knows only contract.md and the files: what each night must list, in Python loops.

It shares no code with the generator (nor with the pipeline): its verdicts are compared with truth.csv.
"""

from __future__ import annotations

import csv
import re
import tomllib
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import holidays
from synth_oracle_bank import deposits
from synth_oracle_lives import lives
from synth_oracle_money import adjust, jumps, money

DAY = timedelta(days=1)
ACQUIRERS = ("UNIONPAY", "WECHAT", "ALIPAY")
CHINA = holidays.country_holidays("CN")


def cents(text: str) -> int | None:
    """Fen, or None where the text is no amount."""
    return int(Decimal(text) * 100) if re.fullmatch(r"-?\d+\.\d\d", text) else None


def moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def date_of(row: dict) -> date:
    return moment(row["txn_time"]).date()


def kind_of(row: dict) -> str:
    return row.get("record_type") or row["txn_type"].replace("PREAUTH_COMPLETION", "SALE")


def name_of(row: dict) -> str:
    """The RRN, or the place of a row that has none."""
    return row["rrn"] or f"{row['_file']}:{row['_line']}"


def may_be_one(mine: str, theirs: str) -> bool:
    """Leading zeros come and go, and so do whole numbers."""
    return not mine or not theirs or int(mine) == int(theirs)


class File:
    """One file as read: its rows (each with `_line`, `_file`, `_ok`) and whether its trailer is right."""

    def __init__(self, path: Path) -> None:
        text = path.read_text(encoding="utf-8").splitlines()
        *body, trailer = text
        self.name = path.name
        self.side = path.name.split("_")[0]
        self.day = datetime.strptime(path.stem[-8:], "%Y%m%d").date()  # noqa: DTZ007 - a bare date
        self.acquirer = path.name.split("_")[1] if self.side == "settlement" else ""
        self.rows = [dict(row, _line=n, _file=path.name) for n, row in enumerate(csv.DictReader(body), start=2)]
        declared = dict(part.split("=") for part in trailer.removeprefix("# ").split())
        assert len({len(line.split(",")) for line in body}) == 1
        self.valid = declared == self.totals()

    def totals(self) -> dict[str, str]:
        if self.side == "bank":
            closing = Decimal(self.rows[-1]["balance"])
            opening = closing - sum(Decimal(row["amount"]) for row in self.rows)
            return {"rows": str(len(self.rows)), "opening": str(opening), "closing": str(closing)}
        columns = ("amount",) if self.side == "journal" else ("gross", "fee", "net")
        money = [row for row in self.rows if row.get("record_type") != "PAYOUT"]
        sums = {c: sum(cents(row[c]) or 0 for row in money) for c in columns}
        texts = {c: str(Decimal(total).scaleb(-2).quantize(Decimal("0.01"))) for c, total in sums.items()}
        return {"rows": str(len(self.rows)), **texts}


class Folder:
    """A generated directory: its good files and the run that first sees each, its bad ones, its runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config = tomllib.loads((path / "recon.toml").read_text(encoding="utf-8"))
        self.files: dict[tuple[str, str, date], tuple[File, date]] = {}
        self.before: dict[tuple[str, str, date], tuple[File, date]] = {}
        self.bad: list[File] = []
        for found in sorted(path.rglob("*_2*.csv")):
            file = File(found)
            later = found.parent.name if found.parent != path else found.stem[-8:]
            arrives = datetime.strptime(later, "%Y%m%d").date()  # noqa: DTZ007 - a bare date
            if file.valid:
                self.keep((file.side, file.acquirer, file.day), file, arrives)
            else:
                self.bad.append(file)
        journals = [day for side, _, day in self.files if side == "journal"]
        self.first, self.last = min(journals), max(journals)
        self.runs = [self.first + n * DAY for n in range((self.last - self.first).days + 1)]

    def keep(self, key: tuple[str, str, date], file: File, arrives: date) -> None:
        """A file that comes again, corrected, takes the place of its first version."""
        assert key not in self.before
        if key in self.files:
            both = sorted([self.files[key], (file, arrives)], key=lambda version: version[1])
            assert both[0][1] < both[1][1]
            self.before[key], (file, arrives) = both
        self.files[key] = (file, arrives)

    def loaded(self, run: date) -> dict[tuple[str, str, date], File]:
        versions = [*self.before.items(), *self.files.items()]
        return {key: file for key, (file, arrives) in versions if arrives <= run}

    def rows(self, side: str) -> list[dict]:
        return [row for key, (file, _) in sorted(self.files.items()) for row in file.rows if key[0] == side]

    def truth(self) -> list[dict]:
        with (self.path / "truth.csv").open(encoding="utf-8") as file:
            return list(csv.DictReader(file))


class Night:
    """Everything loaded by the end of one run and what is listed then: {(type, key): (amount, direction)}."""

    def __init__(self, folder: Folder, run: date) -> None:
        self.folder, self.run = folder, run
        self.contracts = {contract["acquirer"]: contract for contract in folder.config["contracts"]}
        self.files = folder.loaded(run)
        self.found: dict[tuple[str, str, int | str], tuple[int, str]] = {}
        self.keys: dict[tuple[str, str, int | str], set[str]] = {}
        self.journal = [
            row for (side, *_), file in sorted(self.files.items()) if side == "journal" for row in file.rows
        ]
        self.settled = [
            row for (side, *_), file in sorted(self.files.items()) if side == "settlement" for row in file.rows
        ]
        self.lines = [row for row in self.settled if row["record_type"] != "PAYOUT"]
        self.good_journal = [row for row in self.journal if self.readable(row, "amount")]
        self.good_lines = [row for row in self.lines if self.readable(row, "gross")]
        self.by_place = defaultdict(list)
        for row in self.good_journal:
            self.by_place[row["merchant_id"], row["terminal_id"], kind_of(row), date_of(row)].append(row)
        self.judge_files()
        self.judge_rows()
        self.judge_deposits()
        for name, amount in jumps(self):
            self.found["BALANCE_BREAK", name, ""] = (amount, "none")
        adjust(self)

    def add(self, kind: str, row: dict, amount: int, direction: str) -> None:
        key = (kind, row["_file"], row["_line"])
        assert key not in self.found
        self.found[key] = (amount, direction)
        self.keys[key] = {row.get("order_no") or row.get("rrn", "")} - {""}

    def readable(self, row: dict, column: str) -> bool:
        amount, time = cents(row[column]), moment(row["txn_time"])
        if amount is None or time is None:
            self.add("ROW_REJECTED", row, abs(amount or 0), "none")
        return amount is not None and time is not None

    def has(self, side: str, day: date, acquirer: str = "") -> bool:
        return (side, acquirer, day) in self.files

    def judge_files(self) -> None:
        for bad in self.folder.bad:
            if bad.day <= self.run and not self.has(bad.side, bad.day, bad.acquirer):
                self.found["FILE_INVALID", bad.name, ""] = (0, "none")
        for n in range((self.run - self.folder.first).days + 1):
            day = self.folder.first + n * DAY
            expected = [("journal", "")] + [("settlement", a) for a in ACQUIRERS if n > 0]
            expected += [("bank", "")] if CHINA.is_working_day(day) else []
            for side, acquirer in expected:
                if not self.has(side, day, acquirer):
                    name = "_".join(part for part in (side, acquirer, f"{day:%Y%m%d}") if part)
                    self.found["FILE_LATE", f"{name}.csv", ""] = (0, "none")

    def judge_rows(self) -> None:
        undone = {row["original_rrn"] for row in self.good_journal if row["txn_type"] in ("VOID", "REVERSAL")}
        rows, lines = defaultdict(list), defaultdict(list)
        waiting = set()
        for row in self.good_journal:
            rows[self.identity(row, name_of(row), kind_of(row))].append(row)
        for line in self.good_lines:
            key = self.identity(line, line["rrn"], line["record_type"])
            if line["record_type"] in ("CHARGEBACK", "REPRESENTMENT", "ADJUSTMENT", "RESERVE_RELEASE"):
                continue
            if key not in rows and not line["order_no"]:
                fitting = self.fitting(line)
                if len(fitting) > 1:
                    assert self.journals(line)
                    self.add("AMBIGUOUS_MATCH", line, abs(cents(line["gross"])), "none")
                    waiting |= {id(row) for row in fitting}
                    continue
                assert fitting or line["rrn"] or not self.journals(line)
                key = self.identity(line, name_of(fitting[0]) if fitting else name_of(line), line["record_type"])
            lines[key].append(line)
        other_type = self.judge_types(rows, lines)
        for key, group in lines.items():
            self.judge_settled(rows.get(key, []), group, undone)
        for key, group in rows.items():
            if key not in lines and key not in other_type and id(group[0]) not in waiting:
                self.judge_unsettled(group[0], undone)
            self.judge_undone(key, group[0], lines)
        for kind, row, amount, direction in [*lives(self), *money(self)]:
            self.add(kind, row, amount, direction)

    def judge_types(self, rows: dict, lines: dict) -> set[tuple]:
        """Sales that A settled as a refund, and nothing else; their lines are judged by that."""
        sales = {key: (*key[:3], "SALE") for key in lines if key[3] == "REFUND" and key not in rows}
        found = {key: sale for key, sale in sales.items() if sale in rows and sale not in lines}
        for key in found:
            (line,) = lines.pop(key)
            self.add("TYPE_MISMATCH", line, abs(cents(line["gross"])), "none")
        return set(found.values())

    def fitting(self, line: dict) -> list[dict]:
        """Journal rows that the counters fit, or, where the line has none, card, amount and minute."""
        near = [
            row
            for n in (-1, 0, 1)
            for row in self.by_place[line["merchant_id"], line["terminal_id"], kind_of(line), date_of(line) + n * DAY]
            if not (row["rrn"] and line["rrn"])
        ]
        if line["stan"]:
            found = [row for row in near if row["stan"] and int(row["stan"]) == int(line["stan"])]
            return [row for row in found if may_be_one(row["batch_no"], line["batch_no"])]
        found = [row for row in near if row["card_no"][-4:] == line["card_no"][-4:]]
        found = [row for row in found if cents(row["amount"]) == abs(cents(line["gross"]))]
        if line["auth_code"]:
            return [row for row in found if row["auth_code"] == line["auth_code"]]
        return [row for row in found if abs(moment(row["txn_time"]) - moment(line["txn_time"])) < timedelta(minutes=5)]

    def journals(self, line: dict) -> bool:
        """Whether the journals that could know the line have arrived."""
        days = {(moment(line["txn_time"]) + timedelta(minutes=m)).date() for m in (-10, 0, 10)}
        return all(self.has("journal", day) for day in days)

    @staticmethod
    def identity(row: dict, rrn: str, kind: str) -> tuple:
        return (row["merchant_id"], row["order_no"], "", kind) if row["order_no"] else (
            row["merchant_id"], row["terminal_id"], rrn, kind)  # fmt: skip

    def judge_settled(self, rows: list[dict], lines: list[dict], undone: set[str]) -> None:
        assert len(rows) <= 1
        if not rows:
            assert len(lines) == 1 or not self.journals(lines[0])
            if self.journals(lines[0]):
                self.add("NOT_IN_JOURNAL", lines[0], abs(cents(lines[0]["gross"])), "long")
            return
        row, line = rows[0], lines[0]
        for extra in lines[1:]:
            self.add("DUPLICATE_SETTLEMENT", extra, abs(cents(extra["gross"])), "long")
        difference = abs(cents(line["gross"])) - cents(row["amount"])
        if row["status"] != "APPROVED" and row["rrn"] not in undone:
            self.add("FAILED_BUT_SETTLED", line, cents(line["gross"]), "long")
        elif line["currency"] != row["currency"]:
            self.add("CURRENCY_MISMATCH", line, cents(line["gross"]), "none")
        elif difference:
            kind, direction = ("AMOUNT_OVER", "long") if difference > 0 else ("AMOUNT_UNDER", "short")
            self.add(kind, line, abs(difference), direction)

    def judge_unsettled(self, row: dict, undone: set[str]) -> None:
        sale = row["txn_type"] in ("SALE", "PREAUTH_COMPLETION", "REFUND")
        if not sale or row["status"] != "APPROVED" or row["rrn"] in undone:
            return
        day = moment(row["txn_time"]).date()
        within = 5 if row["txn_type"] == "REFUND" else 2
        acquirer = {"CARD": "UNIONPAY"}.get(row["channel"], row["channel"])
        arrived = all(self.has("settlement", day + n * DAY, acquirer) for n in range(1, within + 1))
        if self.run > day + within * DAY and arrived:
            kind = "REFUND_NOT_SETTLED" if row["txn_type"] == "REFUND" else "NOT_SETTLED"
            self.add(kind, row, cents(row["amount"]), "short" if kind == "NOT_SETTLED" else "long")

    def judge_undone(self, key: tuple, row: dict, lines: dict) -> None:
        """A settled sale that J voided or reversed needs A's void or reversal too."""
        if row["txn_type"] in ("VOID", "REVERSAL") and not row["order_no"]:
            sale = (*key[:2], row["original_rrn"], "SALE")
            day = moment(row["txn_time"]).date()
            arrived = all(self.has("settlement", day + n * DAY, "UNIONPAY") for n in (1, 2))
            if sale in lines and key not in lines and self.run > day + 2 * DAY and arrived:
                self.add(f"{row['txn_type']}_NOT_SETTLED", row, cents(row["amount"]), "long")

    def judge_deposits(self) -> None:
        for kind, row, amount, direction in deposits(self, CHINA):
            self.add(kind, row, amount, direction)

    def missing(self, acquirer: str) -> bool:
        days = range(1, (self.run - self.folder.first).days + 1)
        return not all(self.has("settlement", self.folder.first + n * DAY, acquirer) for n in days)


def verdicts(folder: Folder) -> set[tuple]:
    """What the runs list: (type, file, line, amount, direction, first_seen, cleared_on or "")."""
    nights = [(run, Night(folder, run).found) for run in folder.runs]
    result = set()
    for key in sorted({key for _, found in nights for key in found}, key=str):
        # a file missing later keeps new deposits from being judged, but takes nothing back
        sticky = key[0] == "DEPOSIT_UNIDENTIFIED"
        values = {found[key] for _, found in nights if key in found}
        assert len(values) == 1
        amount, direction = values.pop()
        for first, cleared in spells([(run, key in found) for run, found in nights], sticky=sticky):
            result.add((*key, amount, direction, first, cleared))
    return result


def spells(nights: list[tuple[date, bool]], *, sticky: bool) -> list[tuple[str, str]]:
    """From which night to which it is listed, "" for the end of one that lasts."""
    found: list[tuple[str, str]] = []
    open_since = ""
    for run, listed in nights:
        if listed and not open_since:
            open_since = run.isoformat()
        elif open_since and not listed and not sticky:
            found.append((open_since, run.isoformat()))
            open_since = ""
    return [*found, (open_since, "")] if open_since else found


def told(folder: Folder) -> set[tuple]:
    """The same from truth.csv."""
    rows = folder.truth()
    result = {
        (r["type"], r["file"], int(r["line"]) if r["line"] else "", int(r["amount_minor"]), r["direction"],
         r["first_seen"], r["cleared_on"])
        for r in rows
    }  # fmt: skip
    assert len(result) == len(rows)
    return result
