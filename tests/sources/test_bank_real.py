"""Bank files and store logs against the real samples beside the project: each outcome, row, sum and date."""

import pytest
from test_real_files import AGREE, ELSEWHERE, FORMATS, REAL, allows, expected, found

pytestmark = [
    pytest.mark.real,
    pytest.mark.skipif(not REAL.is_dir(), reason=f"the real sample files are not beside the project ({FORMATS})"),
]

OURS = [line for line in expected() if line["path"].startswith(ELSEWHERE) and not line["path"].startswith("camt")]
SUMS = ("credit_minor", "debit_minor")


def outcome(entry: dict[str, object]) -> str:
    """What became of a file, in the words of expected.tsv."""
    if entry["profile"] is None:
        return "reject"
    if entry["control_totals"]["agree"] is False:  # type: ignore[index]
        return "control_mismatch"
    if entry["error"]:
        return "reject"
    return "partial" if entry["rejected"] else "ok"


@pytest.mark.parametrize("line", OURS, ids=[f"{line['path']} {line['currency']}" for line in OURS])
def test_a_real_file_holds_what_independent_readers_found(line: dict[str, str]) -> None:
    entry = found()[line["path"]]
    result = outcome(entry)
    assert allows(line["outcome"], result), entry["error"]
    assert allows(line["profile"], entry["profile"] or "none")
    if result == "reject":
        return
    assert allows(line["control_totals"], AGREE[entry["control_totals"]["agree"]])
    for column in ("rows", "accepted", "first_date", "last_date"):
        assert allows(line[column], entry[column]), column
    sums = entry["currency"][line["currency"]] if line["currency"] else dict.fromkeys(SUMS)
    for column in SUMS:
        assert allows(line[column], sums[column]), column
