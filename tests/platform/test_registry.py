import pytest

from tests.platform.conftest import django_on
from tests.platform.seed import MERCHANT
from tongbao.platform.registry import (
    NewMerchant,
    NewTerminal,
    UnknownMerchantError,
    register_merchant,
    register_terminal,
    register_terminals,
)


def terminals_of(url):
    from tongbao.platform.fleet.models import Terminal

    with django_on(url):
        return list(Terminal.objects.values_list("terminal_id", "serial_number", "batch_no"))


def test_a_registered_terminal_starts_with_batch_one_and_a_serial_number(database_url):
    register_merchant(database_url, MERCHANT)
    register_terminal(
        database_url, NewTerminal(terminal_id="00000001", merchant_id=MERCHANT.merchant_id)
    )
    assert terminals_of(database_url) == [("00000001", "SN-00000001", 1)]


def test_registering_again_changes_nothing(database_url):
    renamed = NewMerchant(
        merchant_id=MERCHANT.merchant_id, name="别的店", name_en="Other", mcc="5812", city="北京"
    )
    register_merchant(database_url, MERCHANT)
    register_merchant(database_url, renamed)
    from tongbao.platform.merchants.models import Merchant

    with django_on(database_url):
        assert list(Merchant.objects.values_list("name", "mcc")) == [(MERCHANT.name, "5411")]


def test_mail_orders_are_allowed_only_to_a_merchant_registered_so(database_url):
    allowed = NewMerchant(
        merchant_id="100000000000003",
        name="花店",
        name_en="Flowers",
        mcc="5992",
        city="",
        mail_order_allowed=True,
    )
    register_merchant(database_url, MERCHANT)
    register_merchant(database_url, allowed)
    from tongbao.platform.merchants.models import Merchant

    with django_on(database_url):
        assert list(Merchant.objects.values_list("pk", "mail_order_allowed")) == [
            (MERCHANT.merchant_id, False),
            ("100000000000003", True),
        ]


def test_thousands_of_terminals_are_registered_in_one_call(database_url):
    register_merchant(database_url, MERCHANT)
    register_terminals(
        database_url,
        (
            NewTerminal(terminal_id=f"{number:08}", merchant_id=MERCHANT.merchant_id)
            for number in range(1, 2_501)
        ),
    )
    assert len(terminals_of(database_url)) == 2_500


def test_a_terminal_of_an_unknown_merchant_is_refused_and_none_is_added(database_url):
    register_merchant(database_url, MERCHANT)
    with pytest.raises(UnknownMerchantError, match="100000000000009"):
        register_terminals(
            database_url,
            [
                NewTerminal(terminal_id="00000001", merchant_id=MERCHANT.merchant_id),
                NewTerminal(terminal_id="00000002", merchant_id="100000000000009"),
            ],
        )
    assert terminals_of(database_url) == []


@pytest.mark.parametrize(
    "values",
    [
        {"merchant_id": "1"},
        {"mcc": "541"},
        {"mcc": "५४११"},
        {"name": ""},
        {"name": "x" * 81},
        {"city": "x" * 41},
    ],
)
def test_a_malformed_merchant_cannot_be_made(values):
    good = {
        "merchant_id": "100000000000001",
        "name": "店",
        "name_en": "Shop",
        "mcc": "5411",
        "city": "",
    }
    with pytest.raises(ValueError, match=r"merchant|MCC"):
        NewMerchant(**{**good, **values})


@pytest.mark.parametrize(
    "values",
    [
        {"terminal_id": "1"},
        {"serial_number": "x" * 51},
        {"label": "x" * 81},
        {"batch_no": 0},
        {"batch_no": 1_000_000},
    ],
)
def test_a_malformed_terminal_cannot_be_made(values):
    with pytest.raises(ValueError, match=r"terminal|serial|batch"):
        NewTerminal(**{"terminal_id": "00000001", "merchant_id": "100000000000001", **values})
