import pytest

from tests.wire.samples import VECTORS
from tongbao.wire.unionpay.transactions import (
    BALANCE,
    FINANCIAL,
    PREAUTH_VOID,
    REFUND,
    SALE,
    SIGN_IN,
    VOID,
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
    codes = [(one.mti, one.processing_code, one.function) for one in FINANCIAL]
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
        (("0200", "670000", "00"), None),
        (("0210", "000000", "22"), None),
    ],
)
def test_a_transaction_is_found_by_its_codes(codes, transaction):
    assert find_transaction(*codes) is transaction


def test_what_can_be_reversed():
    names = {one.name for one in FINANCIAL if one.is_reversible}
    assert names == {
        *("sale", "void", "pre-authorisation", "pre-authorisation void"),
        *("completion", "completion void"),
    }


def test_published_requests_are_known():
    for vector in VECTORS:
        fields = vector["fields"]
        if fields["mti"] == "0200":
            codes = (fields["mti"], fields["3"], fields["60"][:2])
            assert find_transaction(*codes) in (SALE, BALANCE)
    assert (SIGN_IN.reply_mti, SIGN_IN.network_code, SIGN_IN.has_mac) == ("0810", "003", False)
