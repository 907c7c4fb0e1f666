"""The page: complete, in order, escaped, self-contained, and honest about what it does not show."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import fields, replace

import pytest
import sample
from lxml import html
from sample_items import item

from pipelines.cases.taxonomy import POLICY
from reports import grouping
from reports.books import Bridge, Step
from reports.html import overview, render, share
from reports.listed import Listed
from reports.model import Evidence, ExceptionItem, FileRow, Report

ORDER = [
    "files",
    "bridge",
    "proof",
    "matching",
    "exceptions",
    "new",
    "cleared",
    "carried",
    "ageing",
    "fees",
    "disputes",
    "waiting",
]
NASTY = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"&'
EMBEDDING = "//img | //link | //iframe | //object | //embed | //base | //video | //audio | //source"


def page(report: Report) -> html.HtmlElement:
    return html.fromstring(render(report))


def text(node: html.HtmlElement) -> str:
    """Text as a reader sees it: cells and blocks apart."""
    for block in node.xpath(".//td | .//th | .//dt | .//dd | .//p | .//*[@class='fine']"):
        block.tail = " " + (block.tail or "")
    return " ".join(node.text_content().split())


def visible(node: html.HtmlElement) -> str:
    """English text, with what the switch hides left out."""
    for hidden in node.xpath(".//*[contains(concat(' ', @class, ' '), ' zh ')]"):
        hidden.drop_tree()
    return text(node)


def poisoned(value: object) -> object:
    """The same data with every free text replaced by markup."""
    keep = {"currency", "state", "kind", "severity", "verdict", "language", "type", "direction", "status"}
    if isinstance(value, (ExceptionItem, Evidence)):
        return value._replace(**{name: poisoned(told) for name, told in value._asdict().items() if name not in keep})
    if isinstance(value, Listed):
        return Listed.of(poisoned(tuple(value)))  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return tuple(poisoned(part) for part in value)
    if hasattr(value, "__dataclass_fields__"):
        changed = {
            field.name: poisoned(getattr(value, field.name))
            for field in fields(value)
            if field.name not in keep and field.name not in ("outputs", "seconds")
        }
        return replace(value, **changed)
    return NASTY if isinstance(value, str) and value else value


def test_sections_stand_in_the_issues_order() -> None:
    sections = page(sample.sample()).xpath("//main//section/@id")
    assert sections == ORDER


def test_the_verdict_comes_before_everything() -> None:
    words = visible(page(sample.sample()).xpath("//body")[0])
    assert words.index("INCOMPLETE: 1 expected file is missing (adyen 2026-03-04)") < words.index("5 / 6")
    assert words.index("expected for 2026-03-04") < words.index("Match rate")


def test_every_file_says_what_happened_to_it() -> None:
    rows = page(sample.sample()).xpath("//table[contains(@class, 'files')]/tbody/tr")
    told = {visible(row).split(" ")[0]: visible(row) for row in rows}
    assert "refused" in told["settlement_ALIPAY_20260305.csv"]
    assert "declared rows 412; computed rows 398" in told["settlement_ALIPAY_20260305.csv"]
    assert "already loaded" in told["wechat_trade_20260305.csv"]
    assert "missing" in told["adyen_settlement_20260304.csv"]
    assert hashlib.sha256(b"bank_20260305.csv").hexdigest()[:12] in told["bank_20260305.csv"]


def test_a_missing_file_without_a_known_name_goes_by_its_source() -> None:
    gone = FileRow(source="shengpay", name="", side="settlement", state="missing", expected_for=sample.DAY)
    refused = replace(gone, name="shengpay_20260305.csv", state="rejected")
    tree = page(replace(sample.clean(), verdict="INCOMPLETE", files=(gone, refused)))
    words = visible(tree.xpath("//section[@id='files']")[0])
    assert "Missing shengpay (settlement, expected for 2026-03-05)" in words
    assert "0 / 1" in text(tree.xpath("//header")[0])


def test_bridge_states_levels_and_signed_changes() -> None:
    tables = page(sample.sample()).xpath("//table[@class='bridge']")
    rows = [visible(row) for row in tables[0].xpath("./tbody/tr")]
    assert rows[0].endswith("842,103.50")
    assert "Sale not settled NOT_SETTLED -5,854.00" in rows
    assert [text(table.xpath("./caption")[0]).split(" ")[0] for table in tables] == [
        "UNIONPAY",
        "WECHAT",
        "ADYEN",
    ]
    assert len(tables[0].xpath("./tbody/tr//*[name()='svg']")) == len(rows)


def test_a_bridge_that_does_not_add_up_says_by_how_much() -> None:
    broken = Bridge("X", "CNY", (Step("in", "入", 10_000, "total"), Step("out", "出", 9_900, "total")))
    table = page(replace(sample.clean(), bridges=(broken,))).xpath("//table[@class='bridge']")[0]
    assert "does not add up" in text(table)
    assert visible(table.xpath("./tbody/tr")[-1]) == "Not explained by these steps 1.00"


def test_proof_keeps_rejected_rows_and_rounding_apart() -> None:
    words = visible(page(sample.sample()).xpath("//section[@id='proof']")[0])
    assert "Rows refused by the schemas: journal CNY not in the sums above 1 45.90 CNY" in words
    assert "-0.00482" in words
    assert words.count("✓ balanced") == 5


def test_an_unbalanced_proof_is_not_ticked() -> None:
    report = sample.sample()
    line = replace(report.proof.lines[0], rows_accounted=1)
    words = visible(page(replace(report, proof=replace(report.proof, lines=(line,)))).xpath("//main")[0])
    assert "not balanced" in words


@pytest.mark.parametrize("code", [code for code in POLICY if code != "TIMING"])
def test_every_type_is_named_in_both_languages_with_its_next_action(code: str) -> None:
    groups = page(sample.sample()).xpath(f"//section[@id!='cleared']/details[@data-type='{code}']")
    assert groups
    words, policy = text(groups[0]), POLICY[code]
    told = (policy.term_zh, policy.title_en, policy.action_en, policy.action_zh, policy.contact_en)
    assert [part for part in told if part not in words] == []


def test_an_exception_shows_all_that_is_known() -> None:
    row = page(sample.sample()).xpath("//section[@id='new']//tr[contains(., '506114238801')]")[0]
    words = visible(row)
    for part in ("1,288.00 CNY", "短款", "settled 0.00 CNY in two days", "898310053110001", "31000217",
                 "2026-03-07", "new today", "journal_20260302.csv:17", "NOT_-"):  # fmt: skip
        assert part in words


def test_a_cases_own_next_action_stands_in_its_row() -> None:
    row = page(sample.sample()).xpath("//section[@id='new']//tr[contains(., '506114238844')]")[0]
    assert "Next: Ask for batch 000231" in visible(row)


def test_overdue_and_cleared_say_so() -> None:
    tree = page(sample.sample())
    assert "overdue 32 d" in text(tree.xpath("//section[@id='carried']")[0])
    assert "Credited on 2026-03-05 as CMB0305-0004." in text(tree.xpath("//section[@id='cleared']")[0])


def test_ageing_shows_all_buckets_per_currency() -> None:
    tables = page(sample.sample()).xpath("//table[@class='ageing']")
    assert [text(table.xpath("./caption")[0])[:7] for table in tables] == ["CNY", "EUR", "Without"]
    labels = [text(cell) for cell in tables[0].xpath("./tbody/tr/th")]
    assert labels == ["0–1", "2–3", "4–7", "8–30", "> 30"]


def test_a_clean_day_is_a_friendly_one() -> None:
    tree = page(sample.clean())
    words = visible(tree.xpath("//body")[0])
    assert "Nobody has to do anything today." in words
    assert "Every expected file is here" in words
    assert tree.xpath("//body/@class") == ["verdict-ok"]
    assert not tree.xpath("//form") + tree.xpath("//details[not(@class='figures')]")


def test_an_empty_day_renders_every_section() -> None:
    tree = page(sample.empty())
    assert tree.xpath("//main//section/@id") == ORDER
    assert "No file was expected" in text(tree)


def test_a_failed_night_shows_the_cause_and_no_numbers() -> None:
    tree = page(sample.failed())
    assert "disk full while writing var/published" in text(tree)
    assert tree.xpath("//main//section/@id") == ["failed"]
    assert not tree.xpath("//table")


def test_two_thousand_exceptions_are_cut_with_a_statement() -> None:
    tree = page(sample.crowded(2_000))
    section = tree.xpath("//section[@id='new']")[0]
    assert len(section.xpath(".//table/tbody/tr")) == 500
    words = visible(section)
    assert "500 of 2,000 are shown here" in words
    assert "490 of 1,990 shown. The rest: recon exceptions --type FEE_VARIANCE" in words
    assert "2,000 open exceptions" in text(tree.xpath("//header")[0])


def test_groups_with_rows_left_in_the_database_say_so_too() -> None:
    report = sample.crowded(100)
    short = tuple(replace(group, items=group.items[:1]) for group in report.new)
    assert "3 of 100 are shown here" in text(page(replace(report, new=short)))


def test_nothing_from_outside_and_only_our_own_code_runs() -> None:
    tree = page(sample.sample())
    policy = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")[0]
    assert policy.startswith("default-src 'none';")
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        (node,) = tree.xpath(f"//{tag}")
        digest = base64.b64encode(hashlib.sha256(node.text.encode()).digest()).decode()
        assert f"{name} 'sha256-{digest}'" in policy
    assert not tree.xpath(EMBEDDING)
    assert not tree.xpath("//@src") + tree.xpath("//@style")
    assert all(link.startswith("#") for link in tree.xpath("//a/@href"))
    assert "http" not in re.sub(r"http-equiv", "", render(sample.sample()).decode())


def test_markup_in_any_field_is_text() -> None:
    report = sample.sample()
    evil = poisoned(report)
    assert isinstance(evil, Report)
    tree = page(evil)
    assert len(tree.xpath("//script")) == 1
    assert not tree.xpath("//img") + tree.xpath("//@onerror")
    assert NASTY in tree.text_content()


def test_an_unknown_type_is_shown_by_its_code() -> None:
    base = sample.new_items()[2]
    odd = base._replace(type="NEW_KIND", severity="odd", next_action="Look at it.", contact="the lead")
    words = text(page(replace(sample.clean(), new=sample.grouped([odd]), top=(odd,))))
    assert "NEW_KIND" in words
    assert "Look at it." in words


def test_both_languages_are_on_the_page_and_the_switch_starts_where_told() -> None:
    tree = page(replace(sample.sample(), language="zh"))
    assert tree.get("lang") == "zh-CN"
    assert tree.xpath("//input[@checked]/@id") == ["lang-zh"]
    assert len(tree.xpath("//*[@class='en']")) == len(tree.xpath("//*[@class='zh']")) + len(
        tree.xpath("//*[starts-with(@class, 'dir ')]/*[@class='en' and @lang='zh-CN']")
    )


def test_tables_are_accessible() -> None:
    tree = page(sample.sample())
    assert not tree.xpath("//table[not(caption)]")
    assert not tree.xpath("//thead//th[not(@scope)]") + tree.xpath("//tbody//th[not(@scope)]")
    assert [tree.xpath(f"count(//{mark})") for mark in ("header", "main", "footer", "h1")] == [1, 1, 1, 1]
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in tree.xpath("//a/@href")} <= set(ids)


def test_the_same_model_gives_the_same_bytes() -> None:
    assert render(sample.sample()) == render(sample.sample())


def test_a_rate_is_a_hundred_only_when_nothing_is_left() -> None:
    assert [share(999_999, 1_000_000), share(5, 5), share(0, 0)] == ["99.99 %", "100.00 %", "–"]


def test_a_huge_amount_and_a_currency_without_decimals_are_exact() -> None:
    base = sample.new_items()[2]
    yen = base._replace(currency="JPY", amount_minor=9_007_199_254_740_993)
    report = replace(sample.clean(), new=sample.grouped([yen]))
    assert "9,007,199,254,740,993 JPY" in text(page(report))


def test_the_trend_is_drawn_after_what_is_missing_is_said() -> None:
    section = page(sample.sample()).xpath("//section[@id='matching']")[0]
    words = visible(section)
    assert words.index("Inputs are incomplete") < words.index("Match rate") < words.index("by count:")
    lines = section.xpath(".//polyline/@points")
    assert [len(line.split()) for line in lines] == [30, 30, 30]
    assert all(0 <= int(y) <= 10_000 for line in lines for _, y in (point.split(",") for point in line.split()))
    assert len(section.xpath(".//details[@class='figures']//tbody/tr")) == 90


def test_one_night_is_a_trend_of_one_point() -> None:
    tree = page(replace(sample.sample(), trend=sample.trend(1)))
    assert tree.xpath("//polyline/@points") == ["5000,0 ", "5000,0 ", "5000,0 "]


def test_disputes_and_fee_variances_stand_on_their_own() -> None:
    tree = page(sample.sample())
    due = [visible(row) for row in tree.xpath("//section[@id='disputes']//tbody/tr")]
    assert any("CHARGEBACK" in row for row in due)
    assert "FEE_VARIANCE" not in " ".join(due)
    fees = [visible(row) for row in tree.xpath("//section[@id='fees']//tbody/tr")]
    assert fees
    assert visible(page(sample.clean()).xpath("//section[@id='fees']")[0]).endswith("No fee variance is open.")


def test_the_largest_claims_stand_first_and_how_many_more_there_are_is_said() -> None:
    claimed = [item(n, "FEE_VARIANCE", n, "Too dear.", direction="short", fee_contract=f"fee {n}",
                    fee_cause="rate") for n in range(1, 61)]  # fmt: skip
    section = page(grouping.filled(sample.clean(), claimed, [])).xpath("//section[@id='fees']")[0]
    told = [visible(row) for row in section.xpath(".//tbody/tr")]
    assert len(told) == 50
    assert "fee 60" in told[0]
    assert "10 more claims are on the sheet Fees of the workbook." in visible(section)


def test_what_is_cut_is_named_with_its_workbook() -> None:
    tree = page(sample.crowded(2_000))
    said = visible(tree.xpath("//section[@id='new']//p[contains(@class, 'notice')]")[0])
    assert said.startswith("500 of 2,000 are shown here")
    assert "All of them are in the workbook 2026-03-05.xlsx beside this page." in said


def test_an_incident_is_one_line_above_everything_to_do_and_its_exceptions_stand_below_it_alone() -> None:
    report = sample.sample()
    tree = page(report)
    (incident,) = tree.xpath("//details[contains(@class, 'incident')]")
    assert visible(incident.xpath("./summary")[0]).startswith("Incident ")
    assert incident.get("open") is None, "one line until somebody opens it"
    children = [item for group in (*report.new, *report.carried) for item in group.items if item.parent_id]
    assert [visible(code) for code in incident.xpath(".//tbody//td/span/code")] == [c.exception_id for c in children]
    told = [visible(code) for code in tree.xpath("//section[@id='new' or @id='carried']//td//code")]
    assert not {c.exception_id for c in children} & set(told), "told once"
    (group,) = tree.xpath(f"//section[@id='new']//details[@data-type='{children[0].type}']")
    assert "1 of them are part of an incident" in visible(group)
    assert not [task for task in tree.xpath("//ol[@class='first']//code/text()") if task == "CHANNEL_INCIDENT"]


def test_counts_and_money_are_the_same_with_and_without_an_incident() -> None:
    """Its exceptions stand elsewhere and count where they are; the incident itself adds nothing."""
    report = sample.sample()
    alone = grouping.filled(report, [_alone(item) for item in _open(report)], [])
    lines = {line.type: line for line in overview(report)}
    for line in overview(alone):
        assert (line.new + line.carried, line.open_totals) == (
            lines[line.type].new + lines[line.type].carried,
            lines[line.type].open_totals,
        )
    assert grouping.worth((*report.new, *report.carried)) == grouping.worth((*alone.new, *alone.carried))


def _open(report: Report) -> list[ExceptionItem]:
    return [item for group in (*report.new, *report.carried) for item in group.items]


def _alone(item: ExceptionItem) -> ExceptionItem:
    return item._replace(parent_id="")


def test_many_exceptions_of_an_incident_are_cut_with_a_word() -> None:
    parent = item(1, "CHANNEL_INCIDENT", 100, "An outage.", exception_id="E-outage")
    several = [item(n, "NOT_SETTLED", n, "Lost.", parent_id="E-outage") for n in range(1, 301)]
    tree = page(grouping.filled(sample.clean(), [parent, *several], []))
    (incident,) = tree.xpath("//details[contains(@class, 'incident')]")
    assert len(incident.xpath(".//tbody/tr")) == 200
    assert "200 of 300 shown." in visible(incident)
    assert "its 300 open exceptions" in visible(incident)
    (group,) = tree.xpath("//section[@id='new']//details[@data-type='NOT_SETTLED']")
    assert "300 of them are part of an incident" in visible(group)
    assert not tree.xpath("//section[@id='new']//p[contains(@class, 'notice')]"), "nothing else is left out"


def test_at_most_ten_come_first() -> None:
    assert len(sample.crowded(5_000).top) <= 10
    assert 5 < len(page(sample.sample()).xpath("//ol[@class='first']/li")) <= 10
