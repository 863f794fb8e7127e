"""What is asked with a card, as messages: each arrives as it was sent, and says what it is."""

import pytest

from tests.wire.samples import assert_tells_nothing
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import Pan, PinBlock, SecretBytes, Track2
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.inquiry import REVERSED, UNKNOWN, StatusAnswer, StatusInquiry
from tongbao.wire.network.messages import (
    MAC_FIELD,
    ReversalReply,
    ReversalRequest,
    SaleReply,
    SaleRequest,
)
from tongbao.wire.network.operation_messages import Balances, OperationReply, OperationRequest
from tongbao.wire.network.operations import Operation, operation_of

PAN = "6200001234567890128"
HEAD = {
    "transmitted": "1121100000",
    "stan": Stan(7),
    "rrn": Rrn("632510000007"),
    "terminal_id": TerminalId("00000001"),
    "merchant_id": MerchantId("100000000000001"),
}
COMMON = {**HEAD, "amount": Money(12345, Currency.CNY)}
ORIGINAL = Rrn("632510000001")
INQUIRY = StatusInquiry(**HEAD, asked=ORIGINAL)
FORMS = {
    Operation.SALE: ("0200", "000000", "00"),
    Operation.BALANCE: ("0200", "310000", "00"),
    Operation.VOID: ("0200", "200000", "00"),
    Operation.REFUND: ("0220", "200000", "00"),
    Operation.PRE_AUTHORISATION: ("0100", "030000", "06"),
    Operation.PRE_AUTHORISATION_VOID: ("0100", "200000", "06"),
    Operation.COMPLETION: ("0200", "000000", "06"),
    Operation.COMPLETION_ADVICE: ("0220", "000000", "06"),
    Operation.COMPLETION_VOID: ("0200", "200000", "06"),
    Operation.OFFLINE_SALE: ("0220", "000000", "00"),
    Operation.ADJUSTMENT: ("0220", "020000", "00"),
}


def request(operation, **changes):
    nothing = operation is Operation.BALANCE
    given = {
        **COMMON,
        "operation": operation,
        "amount": Money(0 if nothing else 12345, Currency.CNY),
        "mcc": "5411",
        "entry_mode": "021",
        "condition": FORMS[operation][2],
        "acquirer": "48020000",
        "track2": Track2(f"{PAN}D30122010000000000"),
        "original": ORIGINAL if operation.names_original else None,
    }
    return OperationRequest(**{**given, **changes})


def reply(operation, **changes):
    nothing = operation is Operation.BALANCE
    given = {**COMMON, "amount": Money(0 if nothing else 12345, Currency.CNY)}
    return OperationReply(operation=operation, **{**given, "response_code": "00", **changes})


MESSAGES = [
    *map(request, Operation),
    request(Operation.REFUND, track2=None, keyed_pan=Pan(PAN), entry_mode="011", expiry="3012"),
    request(
        Operation.COMPLETION,
        keyed_pan=Pan(PAN),
        pin_block=PinBlock(bytes.fromhex("0B1099C8B3051753")),
        security="2600000000000000",
    ),
    request(
        Operation.SALE,
        entry_mode="051",
        card_sequence="001",
        chip_data=SecretBytes(bytes.fromhex("9F2608A1B2C3D4E5F60718")),
    ),
    request(Operation.OFFLINE_SALE, track2=None, keyed_pan=Pan(PAN), entry_mode="012"),
    *map(reply, Operation),
    reply(Operation.VOID, original=ORIGINAL, auth_code="000001", settlement_date="1121"),
    reply(Operation.SALE, chip_data=SecretBytes(bytes.fromhex("910A0102030405060708303072009F"))),
    reply(
        Operation.BALANCE,
        balances=Balances(Money(5_000_000, Currency.CNY), Money(-1, Currency.CNY)),
    ),
    INQUIRY,
    StatusAnswer(inquiry=INQUIRY, response_code=UNKNOWN),
    StatusAnswer(
        inquiry=INQUIRY,
        response_code=REVERSED,
        processing_code="000000",
        amount=Money(1, Currency.CNY),
        auth_code="000001",
        settlement_date="1121",
    ),
    *(
        ReversalRequest(**COMMON, operation=operation, acquirer="48020000")
        for operation in Operation
        if operation.is_reversible
    ),
    ReversalReply(**COMMON, operation=Operation.COMPLETION, response_code="00"),
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
    assert PAN not in repr(sent)
    assert "0B1099C8B3051753" not in repr(sent).upper()
    assert "9F2608" not in repr(sent).upper()
    assert repr(bytes.fromhex("9F2608A1"))[2:-1] not in repr(sent)


@pytest.mark.parametrize("operation", Operation)
def test_its_fields_say_what_it_is(operation):
    message = request(operation).to_message()
    assert (message.mti, message.fields[3], message.fields[25]) == FORMS[operation]
    assert operation_of(*FORMS[operation]) is operation
    assert (4 in message.fields) == (operation is not Operation.BALANCE)
    assert (62 in message.fields) == operation.names_original


def test_what_cannot_be_undone():
    irreversible = {operation for operation in Operation if not operation.is_reversible}
    assert irreversible == {
        *(Operation.BALANCE, Operation.REFUND, Operation.COMPLETION_ADVICE),
        *(Operation.OFFLINE_SALE, Operation.ADJUSTMENT),
    }


def test_chip_data_and_card_sequence_travel_byte_for_byte():
    data = bytes.fromhex("9F2608A1B2C3D4E5F60718")
    message = request(Operation.SALE, card_sequence="001", chip_data=SecretBytes(data)).to_message()
    wire = NETWORK.encode(message)
    assert b"\x00\x11" + data in wire
    assert message.fields[23] == "001"
    # F22 and F23 stand side by side, both in two bytes, one padded on each side.
    assert bytes.fromhex("0210000100") in wire


def test_a_sale_has_the_same_bytes_in_both_types():
    ours = request(Operation.SALE)
    plain = SaleRequest(
        **COMMON,
        mcc=ours.mcc,
        entry_mode=ours.entry_mode,
        condition=ours.condition,
        acquirer=ours.acquirer,
        track2=ours.track2,
    )
    assert NETWORK.encode(ours.to_message()) == NETWORK.encode(plain.to_message())
    approved = {"auth_code": "000001", "settlement_date": "1121"}
    assert NETWORK.encode(reply(Operation.SALE, **approved).to_message()) == NETWORK.encode(
        SaleReply(**COMMON, response_code="00", **approved).to_message()
    )


def test_the_reversal_of_a_sale_has_the_bytes_it_always_had():
    message = ReversalRequest(**COMMON, acquirer="48020000").to_message()
    assert sorted(message.fields) == [3, 4, 7, 11, 32, 37, 41, 42, 49, 90]


def test_balances_travel_with_their_signs():
    balances = Balances(Money(5_000_000, Currency.CNY), Money(-1, Currency.CNY))
    assert balances.build() == "0001156C0000050000000002156D000000000001"


@pytest.mark.parametrize(
    "text", ["", "0001156C000005000000", "0002156C0000050000000001156C000000000001"]
)
def test_balances_in_another_order_are_refused(text):
    with pytest.raises(ProtocolError, match="F54 at byte 0"):
        Balances.parse(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({3: "170000"}, "F3 at byte 0: no operation of an 0220"),
        ({25: "06"}, "F3 at byte 0: no operation of an 0220"),
        ({35: None}, "F35 at byte 0: absent"),
        ({2: "6200000000000000"}, "F2 at byte 0: not the number on the stripe"),
        ({62: None}, "F62 at byte 0: absent"),
        ({62: "0000 0000000"}, "F62 at byte 0: an RRN is 12 letters or digits"),
        ({4: None}, "F4 at byte 0: absent"),
    ],
)
def test_each_unfit_field_is_named(changes, text):
    message = request(Operation.REFUND).to_message()
    for number, value in changes.items():
        message.fields[number] = value
        if value is None:
            del message.fields[number]
    with pytest.raises(ProtocolError) as caught:
        OperationRequest.from_message(message)
    assert str(caught.value) == text
    assert_tells_nothing(caught.value)


def test_a_reply_of_another_type_is_refused():
    with pytest.raises(ProtocolError, match="MTI at byte 0: not 0110, 0210 or 0230"):
        OperationReply.from_message(Message("0430", reply(Operation.SALE).to_message().fields))
    with pytest.raises(ProtocolError, match="F3 at byte 0: no operation of an 0110"):
        OperationReply.from_message(Message("0110", reply(Operation.SALE).to_message().fields))


@pytest.mark.parametrize("changes", [{3: "170000"}, {90: "0300" + "0" * 38}, {25: "06"}])
def test_a_reversal_of_what_nobody_can_ask_for_is_refused(changes):
    message = ReversalRequest(**COMMON, operation=Operation.VOID, acquirer="1").to_message()
    message.fields.update({90: "0220" + "0" * 38, **changes} if 25 in changes else changes)
    with pytest.raises(ProtocolError, match="F3 at byte 0: no operation that a message can ask"):
        ReversalRequest.from_message(message)
