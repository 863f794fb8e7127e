import pytest

from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import PinBlock, SecretText, Track2
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import (
    ECHO,
    MAC_FIELD,
    SIGN_ON,
    NetworkManagement,
    ReversalReply,
    ReversalRequest,
    SaleReply,
    SaleRequest,
)

COMMON = {
    "amount": Money(12345, Currency.CNY),
    "transmitted": "1121100000",
    "stan": Stan(7),
    "rrn": Rrn("632510000007"),
    "terminal_id": TerminalId("00000001"),
    "merchant_id": MerchantId("100000000000001"),
}
SALE = SaleRequest(
    **COMMON,
    mcc="5411",
    entry_mode="021",
    condition="00",
    acquirer="48020000",
    track2=Track2("6200001234567890128D30122010000000000"),
    pin_block=PinBlock(bytes.fromhex("0B1099C8B3051753")),
    security="2600000000000000",
)
MESSAGES = [
    SALE,
    SaleRequest(
        **COMMON,
        mcc="5411",
        entry_mode="022",
        condition="00",
        acquirer="1",
        track2=Track2("6200001234567890128D30122010000000000"),
        expiry="3012",
    ),
    SaleReply(**COMMON, response_code="00", auth_code="A1B2C3", settlement_date="1121"),
    SaleReply(**COMMON, response_code="51"),
    ReversalRequest(**COMMON, acquirer="48020000"),
    ReversalReply(**COMMON, response_code="00"),
    NetworkManagement(code=SIGN_ON, transmitted="1121100000", stan=Stan(1)),
    NetworkManagement(code=ECHO, transmitted="1121100000", stan=Stan(2), response_code="00"),
]
each_message = pytest.mark.parametrize("sent", MESSAGES, ids=lambda one: one.to_message().mti)


@each_message
def test_it_arrives_as_it_was_sent(sent):
    message = sent.to_message()
    wire = NETWORK.encode_unsigned(message, MAC_FIELD[message.mti]) + b"MACMACMA"
    received = NETWORK.decode(wire)
    assert received.fields.pop(MAC_FIELD[message.mti]) == b"MACMACMA"
    assert type(sent).from_message(received) == sent


@each_message
def test_it_shows_no_card_data(sent):
    assert "6200001234567890128" not in repr(sent)
    assert "0B1099C8B3051753" not in repr(sent).upper()


def test_the_bytes_of_a_sale():
    unsigned = NETWORK.encode_unsigned(SALE.to_message(), 64)
    assert unsigned.hex().upper() == (
        "0200" + "3220448128C09801" + "000000" + "000000012345" + "1121100000" + "000007"
        "5411" + "0210" + "00" + "0848020000" + "376200001234567890128D301220100000000000"
        + b"632510000007".hex() + b"00000001".hex() + b"100000000000001".hex() + b"156".hex()
        + "0B1099C8B3051753" + "2600000000000000"
    )  # fmt: skip


def test_a_reversal_names_the_original():
    fields = ReversalRequest(**COMMON, acquirer="48020000").to_message().fields
    assert fields[90] == "0200" + "000007" + "1121100000" + "00048020000" + "00000000000"
    assert fields[37] == "632510000007"


@each_message
def test_each_missing_field_is_named(sent):
    message = sent.to_message()
    optional = {3, 14, 15, 38, 52, 53, 90}
    for number in message.fields.keys() - optional:
        rest = {n: value for n, value in message.fields.items() if n != number}
        with pytest.raises(ProtocolError) as caught:
            type(sent).from_message(Message(message.mti, rest))
        assert str(caught.value) == f"F{number} at byte 0: absent"


@each_message
def test_another_message_type_is_refused(sent):
    message = sent.to_message()
    message.mti = "0100"
    with pytest.raises(ProtocolError, match=r"MTI at byte 0: not 0"):
        type(sent).from_message(message)


@pytest.mark.parametrize(
    ("number", "value", "text"),
    [
        (11, "000000", "F11 at byte 0: a trace or batch number has up to six digits"),
        (35, SecretText("62D"), "F35 at byte 0: track 2 is PAN"),
        (37, "0000 0000000", "F37 at byte 0: an RRN is 12 letters or digits"),
        (41, "0000 001", "F41 at byte 0: a terminal id is 8 letters or digits"),
        (42, " " * 15, "F42 at byte 0: a merchant id is 15 letters or digits"),
        (49, "000", "F49 at byte 0: currency number is not one we hold"),
    ],
)
def test_each_unfit_field_is_named(number, value, text):
    message = SALE.to_message()
    message.fields[number] = value
    with pytest.raises(ProtocolError) as caught:
        SaleRequest.from_message(message)
    assert str(caught.value).startswith(text)
    assert_tells_nothing(caught.value)


@pytest.mark.parametrize("minor", [-1, 10**12])
def test_an_amount_that_does_not_fit_is_not_sent(minor):
    reply = SaleReply(**{**COMMON, "amount": Money(minor, Currency.CNY)}, response_code="00")
    with pytest.raises(ProtocolError, match="F4 at byte 0"):
        reply.to_message()
