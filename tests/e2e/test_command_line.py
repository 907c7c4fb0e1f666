"""What a person sees at the command line: exit codes, one plain line for each bad file, never a traceback."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from click.testing import CliRunner, Result
from scenario import MON, SAT, THU, TUE, WED, WED2, Shop
from sheets import JOURNAL, journal_text, settlement_text
from week import WEEK

import pipelines
from pipelines.cli import cli

ROOT = Path(pipelines.__file__).resolve().parents[1]


def recon(shop: Shop, *words: str) -> Result:
    """One command, in this process: the same entry point, without the second that imports take."""
    command, *rest = words
    return CliRunner().invoke(cli, [command, "--config", str(shop.config), *rest])


def run(shop: Shop, day: date, *words: str) -> Result:
    """`recon run` of a day, its files in the inbox."""
    shop.arrive(day)
    return recon(shop, "run", "--date", str(day), "--no-prefect", *words)


def test_each_bad_file_is_one_plain_line_and_the_night_goes_on(shop: Shop) -> None:
    shop.hold("pos", MON)
    shop.sale("good", "10.00", MON)
    good = shop.text("pos", MON)
    row = good.splitlines()[1]
    no_rrn = "\n".join(",".join(c for i, c in enumerate(line.split(",")) if i != 4) for line in good.splitlines()[:2])
    bad: dict[str, str | bytes] = {
        "journal_column_20260330.csv": no_rrn + "\n# rows=1 amount=10.00\n",
        "journal_trailer_20260330.csv": good.replace("amount=10.00", "amount=10.01"),
        "journal_cut_20260330.csv": good[: good.index("#")],
        "journal_empty_20260330.csv": "",
        "journal_binary_20260330.csv": bytes(range(256)) * 40,
        "journal_zip_20260330.csv": b"PK\x03\x04\x14\0\0\0\x08\0" + b"\x8b\xff" * 99,
        "journal_letters_20260330.csv": good.replace("amount=10.00", "amount=ten"),
    }
    for name, content in bad.items():
        shop.put(name, content)
    odd = row.replace("10.00", '"1,234.5.6"').replace("good", "odd")
    shop.put("journal_20260330.csv", "\n".join([",".join(JOURNAL), row, odd, "# rows=2 amount=10.00", ""]))
    shop.arrive(MON)
    done = subprocess.run(
        [sys.executable, "-m", "pipelines", "run", "--config", str(shop.config), "--date", str(MON), "--no-prefect"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = done.stderr.splitlines()
    told = {
        "journal_column_20260330.csv": "column rrn",
        "journal_trailer_20260330.csv": "amount declared 10.01, computed 10.00",
        "journal_cut_20260330.csv": "trailer",
        "journal_empty_20260330.csv": "empty",
        "journal_binary_20260330.csv": "",
        "journal_zip_20260330.csv": "",
        "journal_letters_20260330.csv": "",
    }
    for name, words in told.items():
        (line,) = [line for line in said if name in line]
        assert words in line
        assert "; " in line, f"{name}: no mend in {line}"
    (line,) = [line for line in said if "line 3" in line and "journal_20260330.csv" in line]
    assert "1,234.5.6" in line
    assert len(said) == len(told) + 1 + 2, "and the two good files"
    assert "Traceback" not in done.stderr + done.stdout
    night = json.loads(recon(shop, "exceptions", "--json").stdout)
    assert sorted(e["type"] for e in night) == ["FILE_INVALID"] * len(bad) + ["ROW_REJECTED"]


def test_exit_codes_of_run(shop: Shop) -> None:
    shop.hold("pos", WED)
    assert run(shop, MON).exit_code == 0
    assert run(shop, TUE).exit_code == 0
    late = run(shop, WED)
    assert late.exit_code == 3
    assert "INCOMPLETE" in late.stdout
    assert "pos 2026-04-01" in late.stdout
    assert run(shop, WED).exit_code == 3, "again"

    back = run(shop, TUE)
    assert (back.exit_code, back.stdout) == (2, "")
    assert back.stderr.splitlines() == [
        "--date 2026-03-31 lies before the newest run (2026-04-01); time does not go back"
    ]

    shop.release("pos", WED)
    assert run(shop, WED).exit_code == 0


def test_wrong_usage_and_configuration_is_2_and_says_which_line(shop: Shop) -> None:
    assert recon(shop, "run", "--date", "31.3.2026").exit_code == 2
    assert recon(shop, "run").exit_code == 2
    shop.config.write_text(shop.config.read_text().replace("settle_within_days = 2", 'settle_within_days = "soon"'))
    wrong = run(shop, MON)
    assert wrong.exit_code == 2
    (said,) = wrong.stderr.splitlines()
    assert "recon.toml: line " in said
    assert "settle_within_days" in said
    shop.config.unlink()
    (said,) = run(shop, MON).stderr.splitlines()
    assert "there is no such configuration" in said


def test_a_place_that_cannot_be_written_is_1_and_one_plain_line(shop: Shop) -> None:
    (shop.root / "var").mkdir()
    (shop.root / "var" / "archive").write_text("a file where a folder should be")
    failed = run(shop, MON)
    assert failed.exit_code == 1
    (said,) = failed.stderr.splitlines()
    assert str(shop.root / "var" / "archive") in said
    assert not shop.published.exists()


def test_json_is_one_document_on_stdout(shop: Shop) -> None:
    shop.settled("unknown", "5.00", TUE)
    run(shop, MON)
    summary = json.loads(run(shop, TUE, "--json").stdout)
    assert (summary["verdict"], summary["exceptions"]["open"]) == ("OK", {"NOT_IN_JOURNAL": 1})
    (found,) = json.loads(recon(shop, "exceptions", "--json").stdout)
    assert set(found) == {
        *("exception_id", "type", "status", "severity", "leg", "business_date", "first_seen", "age_days", "due_date"),
        *("amount_minor", "direction", "currency", "acquirer", "merchant_id", "terminal_id", "rrn", "order_no"),
        *("payout_id", "bank_ref", "explanation", "next_action", "contact", "evidence"),
    }
    assert found["next_action"]
    assert found["contact"]


@WEEK.story
def test_the_register_lists_what_is_open_unless_asked_for_more(shop: Shop) -> Iterator[None]:
    shop.sale("LIST-waits", "1.00", WED2)
    shop.sale("LIST-late", "2.00", MON)
    shop.settled("LIST-late", "2.00", SAT, sold=MON)
    shop.settled("LIST-unknown", "5.00", TUE)
    yield

    def types(*words: str) -> list[str]:
        found = json.loads(recon(shop, "exceptions", "--json", *words).stdout)
        return sorted(e["type"] for e in found if (e["rrn"] or "").startswith("LIST-"))

    assert types() == ["NOT_IN_JOURNAL"]
    assert types("--status", "waiting") == ["TIMING"]
    assert types("--status", "cleared") == ["NOT_SETTLED"]
    assert types("--status", "all") == ["NOT_IN_JOURNAL", "NOT_SETTLED", "TIMING"]
    assert types("--date", str(THU), "--status", "all") == ["NOT_SETTLED"]
    assert types("--date", str(TUE)) == ["NOT_IN_JOURNAL"]
    assert types("--type", "not_in_journal") == ["NOT_IN_JOURNAL"]
    assert types("--type", "TIMING") == []
    plain = recon(shop, "exceptions", "--type", "NOT_IN_JOURNAL").stdout
    assert "RRN LIST-unknown" in plain
    assert "5.00 CNY" in plain


def test_before_the_first_run_there_is_nothing_to_list(shop: Shop) -> None:
    none = recon(shop, "exceptions")
    assert none.exit_code == 1
    assert "nothing is published yet" in none.stderr


def test_files_of_nobody_do_no_harm(shop: Shop) -> None:
    shop.put("notes.csv", "a,b\n1,2\n")
    shop.put("journal_20260330.csv.tmp", journal_text([]))
    shop.put("settlement_UNIONPAY_20260399.csv", settlement_text([]))
    done = run(shop, MON)
    assert done.exit_code == 0
    assert "notes" not in done.stderr
