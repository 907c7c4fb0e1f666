"""What `recon inspect` shows on a terminal: the same facts as its plain lines, in tables."""

import io
from pathlib import Path

from rich.console import Console

from pipelines import inspection

GOLDEN = Path(__file__).parent / "sources" / "golden"


def shown(*files: Path) -> str:
    """The screen, without colours."""
    screen = io.StringIO()
    inspection.print_tables(inspection.inspect(files, None, None), Console(file=screen, width=140, highlight=False))
    return screen.getvalue()


def test_types_sums_totals_and_rejected_rows_are_there() -> None:
    screen = shown(GOLDEN / "acquirer_csv" / "input.csv")
    for words in (
        "acquirer_csv, settlement",
        "9 rows, 7 accepted",
        "CHARGEBACK",
        "911.15 CNY",
        "control totals: agree",
    ):
        assert words in screen
    assert "net 477.00 CNY is not gross 480.00 CNY less fee 2.88 CNY" in screen
    assert "declared" in screen
    assert "computed" in screen


def test_what_disagrees_stands_side_by_side(tmp_path: Path) -> None:
    good = (GOLDEN / "bank_csv" / "input.csv").read_text(encoding="utf-8")
    wrong = tmp_path / "[red]wrong.csv"
    wrong.write_text(good.replace("opening=10000.00", "opening=10000.01"), encoding="utf-8")
    screen = shown(wrong, GOLDEN / "bank_csv" / "input.csv")
    lines = [line for line in screen.splitlines() if line.strip().startswith("closing")]
    assert "DISAGREE" in screen
    assert "11,458.28 CNY" in lines[0]
    assert "11,458.29 CNY" in lines[0]
    assert "[red]wrong.csv" in screen, "names are not markup"
    assert "2 files, 1 refused: 8 rows" in screen
