"""What shapes money is not edited, even by whoever writes past the services."""

import pytest

from tests.platform.seed import MERCHANT
from tongbao.platform.registry import register_merchant

NOW_US = 1_795_000_000_000_000


@pytest.fixture
def merchant(django_database):
    from tongbao.platform.merchants.models import Merchant

    register_merchant(django_database, MERCHANT)
    return Merchant.objects.get(pk=MERCHANT.merchant_id)


def test_a_category_becomes_only_what_its_newest_record_says(merchant):
    from django.db import DatabaseError

    from tongbao.platform.merchants.models import CategoryRecord, Merchant
    from tongbao.platform.merchants.opening import replace_category

    for refused in ("5812", "5912"):
        with pytest.raises(DatabaseError, match="by its record only"):
            Merchant.objects.filter(pk=merchant.pk).update(mcc=refused)
    replace_category(merchant.pk, "5812", "application_1", "zhang", now_us=NOW_US)
    replace_category(merchant.pk, "5912", "application_2", "zhang", now_us=NOW_US)
    with pytest.raises(DatabaseError, match="by its record only"):
        Merchant.objects.filter(pk=merchant.pk).update(mcc="5812")
    Merchant.objects.filter(pk=merchant.pk).update(name="别的店")
    merchant.refresh_from_db()
    assert (merchant.mcc, merchant.name) == ("5912", "别的店")
    with pytest.raises(DatabaseError, match="append-only"):
        CategoryRecord.objects.update(mcc="5411")


def test_account_and_limits_end_once_and_are_never_edited(merchant):
    from django.db import DatabaseError

    from tongbao.platform.merchants.models import MerchantLimits, SettlementAccount

    account = {"number_sealed": b"sealed", "number_token": "t", "last4": "0128", "kind": "personal"}
    SettlementAccount.objects.create(
        account_id="account_1",
        merchant=merchant,
        holder="林晓晨",
        bank="样板银行",
        valid_from_us=NOW_US,
        **account,
    )
    limits = {"rules": {"per_day_minor": "tier"}, "per_day_minor": 1_000_00}
    MerchantLimits.objects.create(
        limits_id="limits_1", merchant=merchant, tier="micro", valid_from_us=NOW_US, **limits
    )
    words = "ended once and never edited"
    for rows, edit in (
        (SettlementAccount.objects, {"last4": "9999"}),
        (SettlementAccount.objects, {"number_sealed": b"other", "ended_at_us": NOW_US}),
        (MerchantLimits.objects, {"per_day_minor": 9_000_00}),
        (MerchantLimits.objects, {"per_day_minor": None, "ended_at_us": NOW_US}),
    ):
        with pytest.raises(DatabaseError, match=words):
            rows.update(**edit)
    for rows in (SettlementAccount.objects, MerchantLimits.objects):
        rows.update(ended_at_us=NOW_US)
        for edit in ({"ended_at_us": NOW_US + 1}, {"ended_at_us": None}):
            with pytest.raises(DatabaseError, match=words):
                rows.update(**edit)
        with pytest.raises(DatabaseError):
            rows.all().delete()
    assert SettlementAccount.objects.get().last4 == "0128"
    assert MerchantLimits.objects.get().per_day_minor == 1_000_00
