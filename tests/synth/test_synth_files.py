"""Same arguments, same bytes; no float anywhere; the bench's two large files."""

from __future__ import annotations

import ast
import re
import tomllib
from decimal import Decimal
from pathlib import Path

import pytest
from synth_oracle import ACQUIRERS, File, Folder

import pipelines.synth
from pipelines.synth import generate, generate_bench


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        generate(tmp_path / name, days=5, rows_per_day=120, seed=seed)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["journal_20260302.csv"] != contents(tmp_path / "c")["journal_20260302.csv"]


def test_the_same_scenario_may_be_written_again_but_not_another_beside_it(tmp_path: Path) -> None:
    first = generate(tmp_path, days=5, rows_per_day=30, seed=1)
    assert generate(tmp_path, days=5, rows_per_day=30, seed=1) == first
    with pytest.raises(ValueError, match="another scenario"):
        generate(tmp_path, days=4, rows_per_day=30, seed=1)


def test_the_result_names_every_file(tmp_path: Path) -> None:
    result = generate(tmp_path, days=8, rows_per_day=60, seed=9)
    assert {str(path.relative_to(tmp_path)) for path in result.files} == set(contents(tmp_path))
    assert result.config == tmp_path / "recon.toml"
    assert result.truth_rows == len(Folder(tmp_path).truth())


def test_the_configuration_fits_the_files(faulty: Folder) -> None:
    sources = {source["name"]: source for source in faulty.config["sources"]}
    assert list(sources) == ["pos", "unionpay", "wechat", "alipay", "bank-main"]
    assert sources["bank-main"]["account"] == "CMB-001"
    assert [c["acquirer"] for c in faulty.config["contracts"]] == list(ACQUIRERS)
    for file, _ in faulty.files.values():
        assert sum(Path(file.name).match(source["pattern"]) for source in sources.values()) == 1


def test_the_contracts_say_whose_row_it_is(faulty: Folder) -> None:
    owner = {c["channels"][0]: re.compile(c["merchant_id"].replace("*", ".*")) for c in faulty.config["contracts"]}
    assert all(owner[row["channel"]].fullmatch(row["merchant_id"]) for row in faulty.rows("journal"))


def test_no_full_card_number_is_written(faulty: Folder) -> None:
    cards = {row["card_no"] for side in ("journal", "settlement") for row in faulty.rows(side)}
    assert all(re.fullmatch(r"((\d{6}|\*{6})\*{6}\d{4})?", card) for card in cards)


def test_money_never_meets_a_float() -> None:
    for path in Path(pipelines.synth.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.Constant) and isinstance(node.value, float)), path
            assert not (isinstance(node, ast.Name) and node.id == "float"), path
            assert not (isinstance(node, ast.Attribute) and node.attr.startswith("Float")), path


def test_the_generator_knows_nothing_of_what_it_judges() -> None:
    for path in Path(pipelines.synth.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            assert not (module or "").startswith("pipelines") or (module or "").startswith("pipelines.synth"), path


def check_bench(folder: Path) -> tuple[list[dict], list[dict]]:
    journal, settlement = (File(next(folder.glob(f"{side}_*.csv"))) for side in ("journal", "settlement"))
    assert (journal.name, settlement.name) == ("journal_20260302.csv", "settlement_UNIONPAY_20260303.csv")
    assert journal.valid
    assert settlement.valid
    lines = [row for row in settlement.rows if row["record_type"] != "PAYOUT"]
    payouts = [row for row in settlement.rows if row["record_type"] == "PAYOUT"]
    assert len(payouts) == max(1, len(journal.rows) // 500)
    assert sum(Decimal(row["net"]) for row in lines) == sum(Decimal(row["net"]) for row in payouts)
    assert len({row["rrn"] for row in journal.rows}) == len(journal.rows)
    return journal.rows, lines


@pytest.mark.parametrize("rows", [1, 99, 700])
def test_a_small_bench_adds_up(tmp_path: Path, rows: int) -> None:
    result = generate_bench(tmp_path, rows=rows)
    journal, lines = check_bench(tmp_path)
    assert len(journal) == rows
    assert abs(len(lines) - rows) <= 3
    config = tomllib.loads(result.config.read_text(encoding="utf-8"))
    assert [source["name"] for source in config["sources"]] == ["pos", "unionpay"]


def test_the_bench_in_chunks_adds_up_and_tells_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.synth.bench._CHUNK_ROWS", 5_000)
    generate_bench(tmp_path, rows=12_000)
    rows, lines = check_bench(tmp_path)
    journal = {row["rrn"]: row for row in rows}
    assert len(rows) == 12_000
    found, seen = set(), set()
    for line in (line for line in lines if line["rrn"]):
        row = journal.get(line["rrn"])
        if row is None:
            found.add(("NOT_IN_JOURNAL", line["_line"]))
        elif row["status"] != "APPROVED":
            found.add(("FAILED_BUT_SETTLED", line["_line"]))
        elif line["rrn"] in seen:
            found.add(("DUPLICATE_SETTLEMENT", line["_line"]))
        elif row["amount"] != line["gross"]:
            over = Decimal(line["gross"]) > Decimal(row["amount"])
            found.add(("AMOUNT_OVER" if over else "AMOUNT_UNDER", line["_line"]))
        seen.add(line["rrn"])
    truth = {(t["type"], int(t["line"])) for t in Folder(tmp_path).truth()}
    assert truth == found
    assert len(truth) == 15
