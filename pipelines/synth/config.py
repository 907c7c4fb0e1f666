"""Write the recon.toml that fits the generated files, from the same data the generator used."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date

from pipelines.synth.kinds import PREAUTH_DAYS
from pipelines.synth.layouts import Layout
from pipelines.synth.settle import major
from pipelines.synth.world import ACCOUNT, ACQUIRERS, Acquirer, Fee

_HEAD = f"""\
[paths]
inbox = "."
archive = "var/archive"
store = "var/recon.duckdb"
published = "var/published"
reports = "var/reports"

[run]
timezone = "Asia/Shanghai"
calendar = "CN"
settle_within_days = 2
refund_within_days = 5
preauth_days = {PREAUTH_DAYS}
duplicate_window_minutes = 10
"""


def recon_toml(start: date, layouts: Mapping[str, Layout]) -> str:
    """Return a scenario's configuration: journal, acquirers, bank; fees in force since New Year."""
    sources = [_journal("daily"), *(_acquirer(a, "daily", layouts[a.name].profile) for a in ACQUIRERS), _bank()]
    ledgers = [_ledger(a, ledger.profile) for a in ACQUIRERS if (ledger := layouts[a.name].ledger)]
    paid = [name for name, layout in layouts.items() if layout.payouts]
    keeping = [name for name, layout in layouts.items() if layout.terms.keeps_fees]
    return _text([*sources, *ledgers, *_contracts(ACQUIRERS, start, paid, keeping)])


def bench_toml(start: date) -> str:
    """Return a bench's configuration: one journal file, one UnionPay file, nothing else is expected."""
    unionpay = ACQUIRERS[0]
    return _text([_journal("none"), _acquirer(unionpay, "none"), *_contracts((unionpay,), start, [unionpay.name])])


def _text(parts: Iterable[str]) -> str:
    return "\n".join([_HEAD, *parts])


def _journal(expected: str) -> str:
    return f"""\
[[sources]]
name = "pos"
profile = "pos_journal"
pattern = "journal_*.csv"
expected = "{expected}"
"""


def _acquirer(acquirer: Acquirer, expected: str, profile: str = "acquirer_csv") -> str:
    return f"""\
[[sources]]
name = "{acquirer.source}"
profile = "{profile}"
acquirer = "{acquirer.name}"
pattern = "settlement_{acquirer.name}_*.csv"
expected = "{expected}"
arrives_after_days = 1
"""


def _ledger(acquirer: Acquirer, profile: str) -> str:
    return f"""\
[[sources]]
name = "{acquirer.source}-fund"
profile = "{profile}"
acquirer = "{acquirer.name}"
pattern = "fund_{acquirer.name}_*.csv"
expected = "none"
"""


def _bank() -> str:
    return f"""\
[[sources]]
name = "bank-main"
profile = "bank_csv"
account = "{ACCOUNT}"
pattern = "bank_*.csv"
expected = "business-day"
"""


def _contracts(
    acquirers: Iterable[Acquirer], start: date, paid: Collection[str], keeping: Collection[str] = ()
) -> Iterable[str]:
    """paid: acquirers whose files declare their payouts; the bank entries of the others are nobody's.

    keeping: those that do not give the fee of a refunded sale back.
    """
    for acquirer in acquirers:
        yield f"""\
[[contracts]]
acquirer = "{acquirer.name}"
merchant_id = "{acquirer.merchant_glob}"
channels = ["{acquirer.channel}"]
{_payouts(acquirer) if acquirer.name in paid else ""}payout_lag_business_days = {acquirer.lag_business_days}
"""
        refund = "kept" if acquirer.name in keeping else "returned"
        yield from (_fee(fee, start, refund) for fee in acquirer.fees)
        if acquirer.bank_fee_minor and acquirer.name in paid:
            yield f'[[contracts.bank_fees]]\nfixed = "{major(acquirer.bank_fee_minor)}"\n'


def _payouts(acquirer: Acquirer) -> str:
    return f'payout_account = "{ACCOUNT}"\nbank_counterparty = "{acquirer.counterparty_glob}"\n'


def _fee(fee: Fee, start: date, refund: str) -> str:
    cap = "" if fee.cap_minor is None else f'cap = "{major(fee.cap_minor)}"\n'
    return f"""\
[[contracts.fees]]
card_type = "{fee.card_type}"
valid_from = {start.year}-01-01
rate_bp = {fee.rate_bp}
{cap}rounding = "half-up"
refund = "{refund}"
"""
