import pytest

from tests.wire.samples import VECTORS
from tongbao.wire.unionpay import transactions
from tongbao.wire.unionpay.transactions import (
    ADJUSTMENT,
    BALANCE,
    CHIP_OFFLINE_SALE,
    FINANCIAL,
    KINDS,
    MAIL_ORDER,
    OFFLINE_SALE,
    PREAUTH_VOID,
    PUBLIC_KEYS,
    REFUND,
    SALE,
    SIGN_IN,
    TIP,
    VOID,
    Resolution,
    Transaction,
    find_transaction,
    reply_mti,
)


@pytest.mark.parametrize(
    ("request_mti", "reply"),
    [("0200", "0210"), ("0220", "0230"), ("0400", "0410"), ("0800", "0810"), ("0820", "0830")],
)
def test_a_reply_is_ten_higher(request_mti, reply):
    assert reply_mti(request_mti) == reply


def test_codes_distinguish_every_financial_transaction():
    codes = [(one.mti, one.processing_code, one.function, one.condition) for one in FINANCIAL]
    assert len(set(codes)) == len(codes)
    assert all(find_transaction(*code) is one for code, one in zip(codes, FINANCIAL, strict=True))


@pytest.mark.parametrize(
    ("codes", "transaction"),
    [
        (("0200", "000000", "22"), SALE),
        (("0200", "200000", "23"), VOID),
        (("0220", "200000", "25"), REFUND),
        (("0200", "310000", "01"), BALANCE),
        (("0100", "200000", "11"), PREAUTH_VOID),
        (("0200", "000000", "22", "08"), MAIL_ORDER),
        (("0200", "000000", "22", "18"), MAIL_ORDER),
        (("0200", "000000", "22", "64"), SALE),
        (("0200", "200000", "23", "08"), VOID),
        (("0220", "000000", "30"), OFFLINE_SALE),
        (("0220", "000000", "32"), ADJUSTMENT),
        (("0220", "000000", "34"), TIP),
        (("0200", "000000", "36"), CHIP_OFFLINE_SALE),
        (("0200", "670000", "00"), None),
        (("0210", "000000", "22"), None),
    ],
)
def test_a_transaction_is_found_by_its_codes(codes, transaction):
    assert find_transaction(*codes) is transaction


def test_what_happens_to_an_unknown_result():
    kinds = {
        way: {one.kind for one in FINANCIAL if one.resolution is way and one.is_reversible is back}
        for way, back in (
            (Resolution.REVERSE, True),
            (Resolution.REPEAT, False),
            (Resolution.NONE, False),
        )
    }
    assert kinds == {
        Resolution.REVERSE: {
            *("sale", "mail_order", "void", "pre_authorisation", "pre_authorisation_void"),
            *("completion", "completion_void"),
        },
        Resolution.REPEAT: {
            *("refund", "completion_advice", "offline_sale", "adjustment", "tip"),
            "chip_offline_sale",
        },
        Resolution.NONE: {"balance"},
    }
    assert len(KINDS) == len(FINANCIAL) == 14


def test_every_constant_has_a_kind_of_its_own_and_a_code_of_three_digits():
    constants = [one for one in vars(transactions).values() if isinstance(one, Transaction)]
    assert len({one.kind for one in constants}) == len(constants)
    assert all(len(one.network_code) == 3 and one.network_code.isdigit() for one in constants)
    assert {one.kind for one in constants if one.has_mac} == {*KINDS, "signature", "script_result"}


def test_a_download_ends_with_the_next_code():
    assert (PUBLIC_KEYS.network_code, PUBLIC_KEYS.end_code) == ("370", "371")


def test_published_requests_are_known():
    for vector in VECTORS:
        fields = vector["fields"]
        if fields["mti"] == "0200":
            codes = (fields["mti"], fields["3"], fields["60"][:2])
            assert find_transaction(*codes) in (SALE, BALANCE)
    assert (SIGN_IN.reply_mti, SIGN_IN.network_code, SIGN_IN.has_mac) == ("0810", "003", False)
