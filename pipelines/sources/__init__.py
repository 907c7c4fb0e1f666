"""Every format we read: one small file each, all giving the same canonical frames."""

from __future__ import annotations

import schemas
from pipelines.sources.adyen import ADYEN
from pipelines.sources.alipay import ALIPAY_ACCOUNT, ALIPAY_TRADE
from pipelines.sources.bai2 import BAI2
from pipelines.sources.base import Profile
from pipelines.sources.camt052 import CAMT052
from pipelines.sources.camt053 import CAMT053
from pipelines.sources.camt054 import CAMT054
from pipelines.sources.layout import Layout
from pipelines.sources.mt940 import MT940, MT942
from pipelines.sources.native import ACQUIRER_CSV, BANK_CSV, POS_JOURNAL
from pipelines.sources.ofx import OFX
from pipelines.sources.paypal import PAYPAL_STL
from pipelines.sources.poslog import POSLOG
from pipelines.sources.stripe import STRIPE_BALANCE, STRIPE_PAYOUT_RECONCILIATION
from pipelines.sources.ums_portal import UMS_PORTAL
from pipelines.sources.unionpay_acquirer_csv import UNIONPAY_ACQUIRER_CSV
from pipelines.sources.unionpay_zm import UNIONPAY_ZM
from pipelines.sources.wechat import WECHAT_FUND, WECHAT_TRADE

PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        *(POS_JOURNAL, POSLOG, ACQUIRER_CSV, BANK_CSV),
        *(UMS_PORTAL, UNIONPAY_ZM, UNIONPAY_ACQUIRER_CSV),
        *(WECHAT_TRADE, WECHAT_FUND, ALIPAY_TRADE, ALIPAY_ACCOUNT),
        *(CAMT052, CAMT053, CAMT054),
        *(ADYEN, STRIPE_PAYOUT_RECONCILIATION, STRIPE_BALANCE, PAYPAL_STL),
        *(MT940, MT942, BAI2, OFX),
    )
}
"""Built-in profiles by name; more are declared in recon.toml."""


def leaves_out(profile: Profile, column: str) -> bool:
    """Whether no file of the profile states a column of its side, so that configuration must."""
    layouts: tuple[Layout, ...] = getattr(profile, "layouts", ())
    wanted = column in schemas.canonical(schemas.BY_SIDE[profile.side])
    return wanted and any(column not in layout.stated for layout in layouts)
