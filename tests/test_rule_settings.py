"""[[rules]] of recon.toml: every mistake is one plain line with the line of the file and the mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from config_text import WHOLE, fault, load

from pipelines.matching import rules
from pipelines.matching.rulebook import COLUMNS, PLAIN, changed_rules, definition
from pipelines.rule_settings import BUILT_IN, SUGGESTING

LINE = len(WHOLE.splitlines()) + 2
"""Line of the table that is appended."""


def table(*lines: str) -> str:
    return "\n".join([WHOLE, "[[rules]]", 'acquirer = "UNIONPAY"', *lines, ""])


MISTAKES = [
    (['name = "mine"'], 2, "rules.name: 'mine' is no built-in rule, so it needs keys; built in are rrn, order_no, "),
    (['name = "rrn"', 'keys = ["rrn"]'], 3, "rules.keys: merchant_id must be among them: it says whose row it is"),
    (['name = "rrn"', 'keys = ["merchant_id", "rnr"]'], 3, "rules.keys: 'rnr' is not allowed; write 'merchant_id', "),
    (
        ['name = "x"', 'keys = ["merchant_id", "auth_code"]'],
        3,
        "rules.keys: with these any row would do; add one of rrn, order_no, original_rrn, stan, amount",
    ),
    (
        ['name = "stan"', "window_days = 1", "window_minutes = 5"],
        4,
        "rules.window_minutes: a rule looks at days or at minutes; leave one of the two out",
    ),
    (['name = "stan"', "window_days = 30"], 3, "rules.window_days: 30 is not allowed; the most is 7"),
    (
        ['name = "card_minutes"', "amount_tolerance_minor = 1"],
        3,
        "rules.amount_tolerance_minor: a rule that looks at minutes takes equal amounts only; write window_days, ",
    ),
    (['name = "stan"', "unique = false"], 3, "rules.unique: within a window or a tolerance only what is unique both "),
    (['name = "rrn"', "window_days = 1"], 0, "rules.unique: a window needs a rule that is unique both ways; write "),
    (['name = "rrn"', "automatic = false"], 3, "rules.automatic: rrn is built in and stays where it is; leave "),
    (['name = "rrn"', "tolerance = 1"], 3, "rules.tolerance: there is no such key; there are acquirer, amount_tol"),
    (['name = "rrn"', 'blank_on = ["bank"]'], 3, "rules.blank_on: 'bank' is not allowed; write 'journal' or 'settle"),
]


@pytest.mark.parametrize(("lines", "at", "says"), MISTAKES, ids=[says for _, _, says in MISTAKES])
def test_a_mistake_is_told_with_its_line_and_its_mend(lines: list[str], at: int, says: str, tmp_path: Path) -> None:
    assert fault(tmp_path, table(*lines)).startswith(f"line {LINE + at}: {says}")


def test_an_acquirer_that_nobody_is_and_a_rule_told_twice(tmp_path: Path) -> None:
    stranger = table('name = "rrn"').replace('acquirer = "UNIONPAY"\nname', 'acquirer = "UNIONPAI"\nname')
    assert "acquirer 'UNIONPAI' is unknown; did you mean UNIONPAY?" in fault(tmp_path, stranger)
    twice = table('name = "rrn"', "", "[[rules]]", 'acquirer = "UNIONPAY"', 'name = "rrn"')
    assert "there is a rule rrn for UNIONPAY already; put both into one" in fault(tmp_path, twice)


def test_settings_know_the_built_in_rules() -> None:
    found = {rule.name: rule for rule in PLAIN.every}
    assert list(found) == list(BUILT_IN)
    for name, (unique, window) in BUILT_IN.items():
        rule = found[name]
        assert rule.unique == unique
        days, minutes = rule.window_days is not None, rule.window_minutes is not None
        assert {"days": days, "minutes": minutes, None: not (days or minutes)}[window], name
    assert {rule.name for rule in PLAIN.suggestions} == set(SUGGESTING)


def test_a_rule_changes_in_its_place_and_a_new_one_comes_last(tmp_path: Path) -> None:
    text = table('name = "stan_batch"', "window_days = 3", 'blank_on = ["settlement"]')
    text += '\n[[rules]]\nacquirer = "UNIONPAY"\nname = "slip"\nkeys = ["merchant_id", "auth_code", "amount"]\n'
    text += '\n[[rules]]\nacquirer = "UNIONPAY"\nname = "card_minutes"\nenabled = false\n'
    text += '\n[[rules]]\nacquirer = "UNIONPAY"\nname = "look"\nkeys = ["merchant_id", "amount"]\nautomatic = false\n'
    changed = changed_rules(load(tmp_path, text))
    assert list(changed) == ["UNIONPAY"]
    mine = changed["UNIONPAY"]
    assert mine.identity == PLAIN.identity
    assert [rule.name for rule in mine.without_reference] == ["stan_batch", "stan"]
    first = mine.without_reference[0]
    assert (first.window_days, first.blank_on, first.keys) == (3, ("settlement",), PLAIN.without_reference[0].keys)
    assert [rule.name for rule in mine.by_card] == ["auth_code", "slip"]
    slip = mine.by_card[1]
    assert slip.keys == ("merchant_id", "auth_key", "amount", "kind")
    assert (slip.unique, slip.blank, slip.window_days) == (True, "card_rrn", None)
    assert [rule.name for rule in mine.suggestions][-1] == "look"
    assert definition(mine) != definition(PLAIN)
    assert COLUMNS["auth_code"] == "auth_key"


def test_an_empty_list_of_blank_sides_lets_a_rule_speak_always(tmp_path: Path) -> None:
    text = table('name = "stan_batch"', "blank_on = []")
    first = changed_rules(load(tmp_path, text))["UNIONPAY"].without_reference[0]
    assert (first.blank, first.blank_on) == (None, rules.BOTH)


def test_without_rules_nothing_is_changed(tmp_path: Path) -> None:
    assert changed_rules(load(tmp_path, WHOLE)) == {}
