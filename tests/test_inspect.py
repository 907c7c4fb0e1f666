"""`recon inspect`: what files are and hold, or why not; the good ones are told whatever the bad ones are."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from pipelines.cli import cli

GOLDEN = Path(__file__).parent / "sources" / "golden"
KEYS = {
    *("file", "profile", "side", "rows", "accepted", "rejected", "currency", "by_type"),
    *("first_date", "last_date", "control_totals", "error", "warnings"),
}
SUMS = {"gross_minor", "fee_minor", "net_minor", "credit_minor", "debit_minor"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: one good file of each native profile, and several that are none."""
    for profile in ("pos_journal", "acquirer_csv", "bank_csv", "ums_portal"):
        shutil.copy(GOLDEN / profile / "input.csv", tmp_path / f"{profile}.csv")
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(99))
    good = (tmp_path / "bank_csv.csv").read_text(encoding="utf-8")
    (tmp_path / "wrong_sum.csv").write_text(good.replace("opening=10000.00", "opening=10000.01"), encoding="utf-8")
    (tmp_path / "no_column.csv").write_text(good.replace("bank_ref", "reference"), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recon(*words: str) -> Result:
    """The command line, up to its exit code; a traceback fails the test."""
    return CliRunner().invoke(cli, ["inspect", *words], catch_exceptions=False)


def entries(*words: str) -> list[dict[str, Any]]:
    """The JSON of the files."""
    return json.loads(recon(*words, "--json").stdout)  # type: ignore[no-any-return]


EVERYTHING = (
    *("pos_journal.csv", "empty.csv", "folder.csv", "missing.csv", "picture.png", "wrong_sum.csv"),
    *("no_column.csv", "bank_csv.csv", "acquirer_csv.csv", "ums_portal.csv"),
)


def test_every_file_has_an_entry_of_the_same_shape_in_the_order_asked(folder: Path) -> None:
    found = entries(*EVERYTHING)
    assert [entry["file"] for entry in found] == [*EVERYTHING]
    for entry in found:
        assert set(entry) == KEYS
        assert set(entry["control_totals"]) == {"declared", "computed", "agree"}
        assert all(set(sums) == SUMS for sums in entry["currency"].values())
        assert all(set(row) == {"line", "reason"} for row in entry["rejected"])
        assert entry["error"] is None or (entry["error"] and "\n" not in entry["error"])


def test_bad_files_say_why_and_the_good_ones_are_still_told(folder: Path) -> None:
    said = {entry["file"]: (entry["profile"], entry["error"]) for entry in entries(*EVERYTHING)}
    assert said["empty.csv"] == (None, "the file is empty; ask the sender to send it again")
    assert said["folder.csv"] == (None, "cannot be read: Is a directory; check the path and its permissions")
    assert said["missing.csv"] == (
        None,
        "cannot be read: No such file or directory; check the path and its permissions",
    )
    assert said["picture.png"][0] is None
    assert said["picture.png"][1].startswith("no profile recognises it; declare its layout as [[profiles]]")
    assert said["no_column.csv"][0] is None
    assert said["no_column.csv"][1].startswith("line 1: column bank_ref of bank_csv missing in the header")
    assert said["wrong_sum.csv"][0] == "bank_csv"
    assert said["wrong_sum.csv"][1].startswith("control totals disagree: closing declared 11458.28, computed 11458.29")
    for name in ("pos_journal", "bank_csv", "acquirer_csv", "ums_portal"):
        assert said[f"{name}.csv"] == (name, None)


@pytest.mark.parametrize(
    "bad", ["empty.csv", "folder.csv", "missing.csv", "picture.png", "wrong_sum.csv", "no_column.csv"]
)
def test_one_bad_file_makes_the_exit_code_1(bad: str, folder: Path) -> None:
    assert recon("pos_journal.csv").exit_code == 0
    assert recon("pos_journal.csv", bad).exit_code == 1
    assert recon(bad, "pos_journal.csv", "--json").exit_code == 1


def test_a_settlement_file_is_summed_without_its_payouts_and_rejected_lines(folder: Path) -> None:
    (found,) = entries("acquirer_csv.csv")
    assert (found["side"], found["rows"], found["accepted"]) == ("settlement", 9, 7)
    assert [row["line"] for row in found["rejected"]] == [8, 9]
    assert found["by_type"] == {"CHARGEBACK": 1, "FEE": 1, "PAYOUT": 1, "REFUND": 1, "SALE": 2, "VOID": 1}
    assert found["currency"]["CNY"] == {
        "gross_minor": 12850 + 100000 - 85 - 12850 - 8800,
        "fee_minor": 64 + 600 - 1 - 64 + 2000,
        "net_minor": 12786 + 99400 - 84 - 12786 - 8800 - 2000,
        "credit_minor": 0,
        "debit_minor": 0,
    }
    assert (found["first_date"], found["last_date"]) == ("2026-03-02", "2026-03-02")
    assert found["control_totals"]["agree"] is True
    assert found["control_totals"]["declared"]["rows"] == 9


def test_a_bank_statement_has_credits_and_debits_both_without_sign(folder: Path) -> None:
    (found,) = entries("bank_csv.csv")
    assert found["by_type"] == {"CREDIT": 2, "DEBIT": 1}
    assert found["currency"]["CNY"]["credit_minor"] == 138228 + 10000
    assert found["currency"]["CNY"]["debit_minor"] == 2500
    assert (found["first_date"], found["last_date"]) == ("2026-03-04", "2026-03-04")


def test_a_statement_without_entries_adds_up_to_nothing_in_its_currency(folder: Path) -> None:
    quiet = ":20:1\n:25:CMB-001\n:28C:1\n:60F:C260302CNY5,00\n:62F:C260302CNY5,00\n-\n"
    (folder / "quiet.sta").write_text(quiet, encoding="utf-8")
    assert entries("quiet.sta")[0]["currency"] == {"CNY": dict.fromkeys(SUMS, 0)}


def test_a_journal_is_summed_by_currency(folder: Path) -> None:
    (found,) = entries("pos_journal.csv")
    assert found["side"] == "journal"
    assert set(found["currency"]) == {"CNY", "JPY"}
    assert found["currency"]["JPY"]["gross_minor"] == 1200


def test_what_configuration_would_give_is_not_held_against_a_file(folder: Path) -> None:
    (found,) = entries("ums_portal.csv")
    assert (found["profile"], found["accepted"], found["error"]) == ("ums_portal", 4, None)
    assert [row["reason"] for row in found["rejected"]] == [
        "record_type '转账' is a word that the profile does not know"
    ]


def test_the_source_that_would_bring_a_file_gives_its_time_zone(folder: Path) -> None:
    lines = ('[[sources]]\nname = "pos"\nprofile = "pos_journal"\npattern = "pos_*.csv"\ntimezone = "UTC"\n',)
    (folder / "recon.toml").write_text("".join(lines), encoding="utf-8")
    (found,) = entries("pos_journal.csv")
    assert found["last_date"] == "2026-03-03"
    (folder / "recon.toml").unlink()
    (found,) = entries("pos_journal.csv")
    assert found["last_date"] == "2026-03-02"


def test_a_profile_can_be_named(folder: Path) -> None:
    (found,) = entries("bank_csv.csv", "--profile", "pos_journal")
    assert found["profile"] is None
    assert found["error"].startswith("no header of pos_journal is there: wanted terminal_id, merchant_id, ")
    assert "line 1 reads 'account,booking_date," in found["error"]
    done = recon("bank_csv.csv", "--profile", "bank_cvs")
    assert done.exit_code == 2
    assert done.stderr == "profile 'bank_cvs' is unknown; did you mean bank_csv?\n"


@pytest.mark.parametrize("profile", ["pos_journal", "acquirer_csv", "bank_csv", "ums_portal", "camt053"])
def test_no_file_is_too_strange_for_a_named_profile(profile: str, folder: Path) -> None:
    (folder / "binary").write_bytes(os.urandom(5_000))
    done = recon("binary", "picture.png", "empty.csv", "folder.csv", "--profile", profile)
    assert done.exit_code == 1


def test_a_broken_configuration_is_told_once_with_exit_code_2(folder: Path) -> None:
    (folder / "recon.toml").write_text("[runn]\n", encoding="utf-8")
    done = recon("bank_csv.csv")
    assert done.exit_code == 2
    assert done.stderr == "recon.toml: line 1: runn: there is no such key; did you mean run?\n"
    assert recon("bank_csv.csv", "--config", "none.toml").exit_code == 2


def test_no_file_at_all_is_wrong_usage(folder: Path) -> None:
    assert recon().exit_code == 2


def test_the_text_can_be_read_by_a_person(folder: Path) -> None:
    done = recon("acquirer_csv.csv", "bank_csv.csv", "missing.csv", "wrong_sum.csv")
    blocks = done.stdout.rstrip("\n").split("\n\n")
    assert blocks[0].splitlines() == [
        "acquirer_csv.csv: acquirer_csv (settlement): 9 rows, 7 accepted, 2026-03-02 to 2026-03-02",
        *("  CHARGEBACK: 1", "  FEE: 1", "  PAYOUT: 1", "  REFUND: 1", "  SALE: 2", "  VOID: 1"),
        "  CNY: gross 911.15 CNY, fee 25.99 CNY, net 885.16 CNY",
        "  control totals: agree (declared rows 9, gross 1,401.15 CNY, fee 28.87 CNY, net 1,372.16 CNY)",
        "  line 8: net 477.00 CNY is not gross 480.00 CNY less fee 2.88 CNY",
        (
            "  line 9: merchant_id is blank on a transaction line; gross 10.00 CNY has the wrong sign for a REFUND "
            "(a sale is +, a refund is -)"
        ),
    ]
    assert blocks[1].splitlines()[1:4] == [
        "  CREDIT: 2",
        "  DEBIT: 1",
        "  CNY: credit 1,482.28 CNY, debit 25.00 CNY",
    ]
    assert blocks[2].splitlines() == [
        "missing.csv: no profile",
        "  refused: cannot be read: No such file or directory; check the path and its permissions",
    ]
    assert "  control totals: DISAGREE (declared rows 4, opening 10,000.01 CNY" in blocks[3]
    assert "  refused: control totals disagree: closing declared 11458.28, computed 11458.29" in blocks[3]


def test_long_lists_of_rejected_rows_are_cut_in_text_and_whole_in_json(folder: Path) -> None:
    header = (folder / "bank_csv.csv").read_text(encoding="utf-8").splitlines()[0]
    rows = [f"A1,2026-03-04,,?,CNY,{n},,," for n in range(9)]
    (folder / "bad.csv").write_text("\n".join([header, *rows, "# rows=9 opening=0 closing=0\n"]), encoding="utf-8")
    done = recon("bad.csv")
    assert "  … and 4 more rejected rows (all with --json)" in done.stdout.splitlines()
    assert len(entries("bad.csv")[0]["rejected"]) == 9
    assert done.exit_code == 0
