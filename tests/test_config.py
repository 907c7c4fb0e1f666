"""recon.toml: every mistake is one plain line with the file, the line and the mend."""

from datetime import time
from decimal import Decimal
from pathlib import Path

import holidays
import pytest
from config_text import WHOLE, fault, load, wrong

from pipelines import config
from pipelines.config import ConfigError
from pipelines.contracts import known_country
from pipelines.toml_faults import line_of


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    settings = load(tmp_path, WHOLE)
    assert settings.paths.inbox == tmp_path / "in"
    assert settings.paths.investigate == tmp_path / "var/published/investigate.duckdb"
    assert [settings.side_of(source) for source in settings.sources] == ["journal", "settlement", "bank"]
    assert settings.sources[0].cutoff == time(23)
    assert settings.context(settings.sources[0]).source_timezone == "Asia/Shanghai"
    assert settings.contracts[0].fees[1].rate_bp == Decimal("60.5")
    assert settings.contracts[0].fits("898319849000018", "CARD")
    assert not settings.contracts[0].fits("898319849000018", "WECHAT")


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, "")
    assert (settings.run.settle_within_days, settings.run.preauth_days, settings.sources) == (2, 30, ())


MISTAKES = [
    # unknown keys and values
    ('inbox = "in"', 'inbx = "in"', "paths.inbx: there is no such key; did you mean inbox?"),
    (
        "settle_within_days = 2",
        "settle_days = 2",
        "run.settle_days: there is no such key; did you mean settle_within_days?",
    ),
    (
        'pattern = "journal_*.csv"',
        'file = "journal_*.csv"\npattern = "x"',
        "sources.file: there is no such key; did you mean profile?",
    ),
    ("arrives_after_days = 1", "due = 1", "sources.due: there is no such key; there are account, acquirer"),
    ('cap = "20.00"', 'max = "20.00"', "contracts.fees.max: there is no such key; there are cap, card_type"),
    (
        'profile = "acquirer_csv"',
        'profile = "acquirer.csv"',
        "sources.profile: profile 'acquirer.csv' is unknown; did you mean acquirer_csv?",
    ),
    (
        'profile = "acquirer_csv"',
        'profile = "xyz"',
        "sources.profile: profile 'xyz' is unknown; there are abc_csv, acquirer_csv, ",
    ),
    (
        'expected = "daily"',
        'expected = "weekly"',
        "sources.expected: 'weekly' is not allowed; write 'daily', 'business-day' or 'none'",
    ),
    (
        'card_type = "DEBIT"',
        'card_type = "GOLD"',
        "contracts.fees.card_type: 'GOLD' is not allowed; write 'DEBIT', 'CREDIT'",
    ),
    ('channels = ["CARD"]', 'channels = ["CASH"]', "contracts.channels: 'CASH' is no channel; there are CARD, ALIPAY"),
    (
        'timezone = "Asia/Shanghai"',
        'timezone = "China"',
        "run.timezone: 'China' is no time zone; write one like Asia/Shanghai",
    ),
    (
        'timezone = "Asia/Shanghai"',
        'timezone = "Asia"',
        "run.timezone: 'Asia' is no time zone; write one like Asia/Shanghai",
    ),
    (
        'timezone = "Asia/Shanghai"',
        'calendar = "XX"',
        "run.calendar: 'XX' is no country of the holiday calendar; write one like CN",
    ),
    # numbers out of range, and wrong types
    ("settle_within_days = 2", "settle_within_days = -1", "run.settle_within_days: -1 is not allowed; the least is 0"),
    ("settle_within_days = 2", "settle_within_days = 99", "run.settle_within_days: 99 is not allowed; the most is 60"),
    (
        "settle_within_days = 2",
        'settle_within_days = "two"',
        "run.settle_within_days: 'two' is not allowed; write a whole number",
    ),
    (
        "settle_within_days = 2",
        "settle_within_days = 1.5",
        "run.settle_within_days: 1.5 is not allowed; write a whole number",
    ),
    (
        "arrives_after_days = 1",
        "arrives_after_days = -1",
        "sources.arrives_after_days: -1 is not allowed; the least is 0",
    ),
    ("rate_bp = 50", "rate_bp = -50", "contracts.fees.rate_bp: -50 is not allowed; the least is 0"),
    ("rate_bp = 50", 'rate_bp = "half"', "contracts.fees.rate_bp: 'half' is not allowed; write a number"),
    ('cap = "20.00"', 'cap = "-1"', "contracts.fees.cap: -1 is not allowed; the least is 0"),
    ('cap = "20.00"', 'cap = "1.00"\nminimum = "2.00"', "contracts.fees.cap: the cap 1.00 is below the minimum 2.00"),
    (
        'cap = "20.00"',
        "valid_from = 2026-02-01\nvalid_to = 2026-01-01",
        "valid_to 2026-01-01 lies before valid_from 2026-02-01",
    ),
    (
        'cap = "20.00"',
        'valid_from = "soon"',
        "contracts.fees.valid_from: 'soon' is not allowed; write a date like 2026-01-01",
    ),
    ("cutoff = 23:00:00", 'cutoff = "late"', "sources.cutoff: 'late' is not allowed; write a time like 23:00:00"),
    ('name = "pos"', "name = 7", "sources.name: 7 is not allowed; write a text in quotes"),
    ('pattern = "bank_*.csv"', 'pattern = ""', "sources.pattern: it is empty; fill it in, or leave the key out"),
    (
        'pattern = "bank_*.csv"',
        'pattern = ["a", "b"]',
        "sources.pattern: ['a', 'b'] is not allowed; write a text in quotes",
    ),
    ('channels = ["CARD"]', 'channels = "CARD"', "contracts.channels: 'CARD' is not allowed; write a list in brackets"),
    ('inbox = "in"', "inbox = 5", "paths.inbox: 5 is not allowed; write a path in quotes"),
    ('inbox = "in"', "inbox = true", "paths.inbox: true is not allowed; write a path in quotes"),
    # sources and profiles that contradict one another
    ('name = "unionpay"', 'name = "pos"', "sources.name: there is a source pos already; choose another name"),
    (
        'name = "mine"',
        'name = "pos_journal"',
        "profiles.name: there is a profile pos_journal already; choose another name",
    ),
]


@pytest.mark.parametrize(
    ("right", "mistake", "says"), MISTAKES, ids=[mistake.replace("\n", "; ") for _, mistake, _ in MISTAKES]
)
def test_a_mistake_is_told_with_its_line_and_its_mend(right: str, mistake: str, says: str, tmp_path: Path) -> None:
    said, line = wrong(tmp_path, right, mistake)
    lines = range(line, line + 1 + mistake.count("\n"))
    assert said.partition(": ")[0] in {f"line {number}" for number in lines}
    assert says in said.partition(": ")[2]


@pytest.mark.parametrize(
    ("gone", "turn", "table", "says"),
    [
        ('name = "pos"', 0, 14, "sources.name: it is missing; add it"),
        ('pattern = "journal_*.csv"', 0, 14, "sources.pattern: it is missing; add it"),
        ('profile = "acquirer_csv"', 0, 21, "sources.profile: it is missing; add it"),
        ('account = "A-1"', 0, 28, 'sources: files of mine name no account; give it here: account = "…"'),
        ('acquirer = "WECHAT"', 0, 48, "contracts.acquirer: it is missing; add it"),
        ('acquirer = "UNIONPAY"', 1, 34, "contracts.acquirer: it is missing; add it"),
        ('side = "bank"', 0, 8, "profiles.side: it is missing; add it"),
    ],
)
def test_a_missing_key_is_told_with_the_line_of_its_table(
    gone: str, turn: int, table: int, says: str, tmp_path: Path
) -> None:
    said, _ = wrong(tmp_path, gone, "# gone", turn)
    assert said == f"line {table}: {says}"


def test_an_acquirer_that_files_do_not_name_must_be_given(tmp_path: Path) -> None:
    said, _ = wrong(tmp_path, 'profile = "mine"', 'profile = "ums_portal"')
    assert said == 'line 28: sources: files of ums_portal name no acquirer; give it here: acquirer = "…"'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[run\n", "line 1: not TOML: "),
        ("[run]\ntimezone = Asia/Shanghai\n", "line 2: not TOML: Invalid value (column 12)"),
        ("[run]\n[run]\n", "line 2: not TOML: Cannot declare"),
        ("a = 'x", "not TOML: Expected"),
        ("[runn]\n", "line 1: runn: there is no such key; did you mean run?"),
        ("\n[[source]]\nname = 'x'\n", "line 2: source: there is no such key; did you mean sources?"),
        ("[sources]\nname = 'x'\n", "line 1: sources: {'name': 'x'} is not allowed; write a list in brackets"),
        ("run = 5\n", "line 1: run: 5 is not allowed; write a table"),
        ("[run]\n\nx = '中文'\n".encode("gbk"), "line 3: not UTF-8 text; save it as UTF-8"),
        (
            "sources = [\n{ name = 'a', profile = 'bank_csv', pattern = 'x', due = 1 },\n]\n",
            "line 1: sources.due: there is no",
        ),
        ("run.timezone = 'x'\n", "line 1: run.timezone: 'x' is no time zone"),
        ("[run]\nx = 1\ny = 2\n", "line 2: run.x: there is no such key; there are calendar"),
    ],
)
def test_the_whole_file_may_be_wrong(text: str | bytes, says: str, tmp_path: Path) -> None:
    assert fault(tmp_path, text).startswith(says)


def test_further_faults_are_counted(tmp_path: Path) -> None:
    assert fault(tmp_path, "[run]\nx = 1\ny = 2\n").endswith(" (and 1 more)")


def test_a_file_that_is_not_there_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no such configuration; name one with --config"):
        config.load(tmp_path / "none.toml")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    ("loc", "line"),
    [
        (("sources", 0, "pattern"), 17),
        (("sources", 1, "pattern"), 25),
        (("sources", 2), 28),
        (("sources", 2, "profile"), 30),
        (("sources", 2, "cutoff"), 28),
        (("contracts", 0, "fees", 0, "rate_bp"), 41),
        (("contracts", 0, "fees", 1, "rate_bp"), 46),
        (("contracts", 1, "fees", 0, "rate_bp"), 52),
        (("contracts", 1, "fees", 0, "cap"), 51),
        (("profiles", 0, "columns", "amount"), 11),
        (("run", "timezone"), 5),
        (("nothing",), None),
        ((), None),
    ],
)
def test_places_in_arrays_of_tables_have_their_own_lines(loc: tuple[int | str, ...], line: int | None) -> None:
    assert line_of(WHOLE, loc) == line


def test_quoted_and_dotted_keys_and_sub_tables_have_lines() -> None:
    text = '[[profiles]]\n[profiles.codes.record_type]\n"消费" = "SALE"\n'
    text += "\n[[profiles]]\ncolumns.rrn = 1\n[ profiles . codes ]\n"
    assert line_of(text, ("profiles", 0, "codes", "record_type", "消费")) == 3
    assert line_of(text, ("profiles", 1, "columns", "rrn")) == 6
    assert line_of(text, ("profiles", 1, "codes", "status")) == 7


def test_every_country_that_has_a_calendar_is_known() -> None:
    assert len(holidays.list_supported_countries()) > 200
    for name in holidays.list_supported_countries():
        assert known_country(name) == name
    for name in ("XX", "", "cn", "China"):
        with pytest.raises(ValueError, match="no country"):
            known_country(name)
