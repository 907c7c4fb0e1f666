"""Files as they come after a spreadsheet, an editor or a quiet day: the same rows, or plainly none."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines import inspection
from pipelines.sources import PROFILES
from pipelines.sources.base import Context, SourceError
from pipelines.sources.identify import identify
from pipelines.synth import generate

GOLDEN = Path(__file__).parent / "golden"
BILL = (GOLDEN / "wechat_trade" / "input.csv").read_text("utf-8-sig")
TITLE = "对账明细查询结果（仅显示1000条记录）" + "\t" * 20 + "\n"


def seen(folder: Path, name: str, data: bytes) -> dict[str, object]:
    (folder / name).write_bytes(data)
    return inspection.inspect([folder / name], None, None)[0] | {"file": ""}


def test_a_bill_saved_by_a_spreadsheet_has_cells_in_quotes(tmp_path: Path) -> None:
    lines = [line.replace(",`", "\n`").split("\n") for line in BILL.replace("\r", "").split("\n")]
    rows = ([f'"{cell}"' if cell.startswith("`") and "," in cell else cell for cell in line] for line in lines)
    quoted = "\n".join(map(",".join, rows))
    assert '"`' in quoted
    assert seen(tmp_path, "a.csv", quoted.encode()) == seen(tmp_path, "b.csv", BILL.encode())


def test_amounts_of_a_bill_may_be_called_by_their_unit(tmp_path: Path) -> None:
    named = BILL.replace("应结订单金额,", "应结订单金额（元）,", 1).replace("手续费,费率", "手续费(元),费率", 1)
    assert named.count("元") > BILL.count("元")
    assert seen(tmp_path, "a.csv", named.encode()) == seen(tmp_path, "b.csv", BILL.encode())


def test_a_bill_of_a_quiet_day_holds_nothing_and_says_so(tmp_path: Path) -> None:
    head, totals = BILL.replace("\r", "").split("\n")[0], "总交易单数,应结订单总金额,退款总金额,手续费总金额"
    found = seen(tmp_path, "a.csv", f"{head}\n{totals}\n`0,`0.00,`0.00,`0.00000\n".encode())
    assert (found["profile"], found["rows"], found["error"]) == ("wechat_trade", 0, None)


@pytest.fixture(scope="module")
def zm(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A day file as UnionPay writes it."""
    folder = tmp_path_factory.mktemp("zm")
    generate(folder, days=2, rows_per_day=40, seed=1, faults="none", layouts="UNIONPAY=unionpay_zm")
    return (folder / "settlement_UNIONPAY_20260303.csv").read_bytes()


def old(zm: bytes) -> bytes:
    """The same without what newer files have in the reserved field."""
    return b"".join(line[:509].ljust(607) + b"\n" for line in zm.splitlines())


def test_lines_may_have_lost_all_the_blanks_at_their_end(tmp_path: Path, zm: bytes) -> None:
    trimmed = b"".join(line.rstrip() + b"\n" for line in old(zm).splitlines())
    name = "INN26030388ZM_898300000000001"
    assert {len(line) for line in trimmed.splitlines()} >= {475}
    assert seen(tmp_path, name, trimmed) == seen(tmp_path, name, old(zm))


def test_but_not_some_of_them_nor_the_end_of_the_file(zm: bytes) -> None:
    lines = old(zm).splitlines()
    for broken in (lines[0][:600] + b"\n", lines[0].rstrip()):
        parsed = PROFILES["unionpay_zm"].parse(b"\n".join([*lines[1:], broken]), Context(filename="INN26030388ZM_1"))
        assert parsed.refused["line"].to_list() == [len(lines)]


def test_a_portal_export_of_a_quiet_day_is_blank_rows_and_titles(tmp_path: Path) -> None:
    found = seen(tmp_path, "a.wap", ("\t" * 20 + "\n").encode() * 4 + TITLE.encode() * 2)
    assert (found["profile"], found["rows"], found["error"]) == ("ums_portal", 0, None)
    with pytest.raises(SourceError, match=r"no profile recognises it|missing in the header"):
        identify("a.netbank", TITLE.encode(), PROFILES)
