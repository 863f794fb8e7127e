"""The exact fields of every message beside the payments."""

import pytest

from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Stan, TerminalId
from tongbao.domain.secrets import Pan, Purpose
from tongbao.terminal.core import management_messages as mm
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.unionpay.structured import SettlementSide, SettlementTotals
from tongbao.wire.unionpay.table import UNIONPAY

STATION = mm.Station(TerminalId("00000001"), MerchantId("100000000000001"))
BATCH = BatchNo(7)
TRACE = Stan(12)
CARD = Pan("6200001234567890128")
OWN = {41: "00000001", 42: "100000000000001"}


def plain(message: Message) -> dict[int, object]:
    """Secrets shown, and proof that the message can be sent."""
    UNIONPAY.decode(UNIONPAY.encode(message))
    return {
        number: value.reveal(Purpose.TEST) if hasattr(value, "reveal") else value
        for number, value in message.fields.items()
    }


def test_sign_off_echo_and_status():
    found = mm.sign_off(STATION, TRACE, BATCH)
    assert (found.mti, plain(found)) == ("0820", {**OWN, 11: "000012", 60: "00000007002"})
    found = mm.echo(STATION, BATCH)
    assert (found.mti, plain(found)) == ("0820", {**OWN, 60: "00000007301"})
    found = mm.status_upload(STATION, BATCH, "version=1;" + "x" * 600)
    assert found.mti == "0820"
    assert plain(found) == {**OWN, 60: "00000007362", 62: b"version=1;" + b"x" * 490}


def test_settlement_carries_the_totals_and_the_operator():
    totals = SettlementTotals(
        SettlementSide("000000000700", "007", "000000000030", "002", "0"),
        SettlementSide("000000000001", "001", "000000000000", "000", "0"),
    )
    found = mm.settlement_request(STATION, TRACE, BATCH, totals, OperatorNo("01"))
    assert found.mti == "0500"
    assert plain(found) == {
        **OWN,
        11: "000012",
        48: "00000000070000700000000003000200000000000010010000000000000000",
        49: "156",
        60: "00000007201",
        63: "01 ",
    }


@pytest.mark.parametrize(
    ("flags", "expected"),
    [("11", ("1", "1")), ("12", ("1", "2")), ("31", ("3", "1")), ("01", None), ("19", None)],
)
def test_the_two_flags_are_all_that_counts(flags, expected):
    answer = Message("0510", {48: "0" * 30 + flags[0] + "0" * 30 + flags[1]})
    assert mm.settlement_flags(answer) == expected


def test_totals_without_flags_are_no_answer():
    assert mm.settlement_flags(Message("0510", {})) is None
    assert mm.settlement_flags(Message("0510", {48: "0001"})) is None


def test_a_details_message_has_count_card_trace_number_and_amount():
    details = [
        mm.UploadDetail(3, 12_345, CARD, is_domestic=True),
        mm.UploadDetail(4, 1, CARD, is_domestic=False),
    ]
    found = mm.details_upload(STATION, TRACE, BATCH, details)
    assert found.mti == "0320"
    assert plain(found) == {
        **OWN,
        11: "000012",
        48: "02"
        "00000003" + "06200001234567890128" + "000000012345"
        "01000004" + "06200001234567890128" + "000000000001",
        60: "00000007201",
    }
    assert "6200001234567890128" not in repr(details)


def test_a_stored_advice_goes_up_without_mac_pin_and_track():
    advice = Message(
        "0220",
        {
            2: "6200001234567890128",
            3: "000000",
            4: "000000000700",
            11: "000009",
            26: "12",
            35: "x",
            52: b"12345678",
            53: "2600000000000000",
            60: "30000007000200",
            63: "CUP",
            64: b"12345678",
        },
    )
    found = mm.advice_upload(advice)
    assert found.mti == "0320"
    assert sorted(found.fields) == [2, 3, 4, 11, 60, 63]
    assert found.fields[60] == "30000007000200"


@pytest.mark.parametrize(("balanced", "code"), [(True, "207"), (False, "202")])
def test_the_end_message_tells_the_count(balanced, code):
    found = mm.upload_end(STATION, TRACE, BATCH, 17, balanced=balanced)
    assert found.mti == "0320"
    assert plain(found) == {**OWN, 11: "000012", 48: "0017", 60: f"00000007{code}"}
    assert mm.upload_count(Message("0330", {48: "0016"})) == 16
    assert mm.upload_count(Message("0330", {48: "16"})) is None
    assert mm.upload_count(Message("0330", {})) is None


def signature(part=1, parts=1, card=CARD):
    return mm.SignatureUpload(
        trace=TRACE,
        batch=BATCH,
        amount_minor=700,
        rrn="112100000001",
        card=card,
        receipt=mm.receipt_data({"FF00": "通宝", "FF02": "01", "FF03": ""}),
        image=b"\x00jbig",
        part=part,
        parts=parts,
    )


def test_a_signature_has_the_payment_the_receipt_and_the_image():
    found = mm.signature_upload(STATION, "800", signature())
    assert found.mti == "0820"
    assert plain(found) == {
        **OWN,
        2: "6200001234567890128",
        4: "000000000700",
        11: "000012",
        37: "112100000001",
        55: bytes.fromhex("FF0004CDA8B1A6FF02023031"),
        60: "07000007800",
        62: b"\x00jbig",
    }


def test_a_signature_in_parts_says_which_is_the_last_and_needs_no_card_number():
    first = mm.signature_upload(STATION, "301", signature(1, 2, card=None))
    last = mm.signature_upload(STATION, "301", signature(2, 2, card=None))
    assert (first.fields[60], last.fields[60]) == ("070000073010", "070000073011")
    assert 2 not in first.fields


def test_an_image_is_cut_below_what_the_field_takes():
    assert mm.signature_parts(b"") == (b"",)
    assert [len(part) for part in mm.signature_parts(b"x" * 1801)] == [900, 900, 1]


def test_a_script_result_names_the_original_and_carries_the_cards_data():
    advice = mm.ScriptAdvice(
        trace=TRACE,
        batch=BATCH,
        processing_code="000000",
        amount_minor=700,
        entry_mode="051",
        condition_code="00",
        capabilities="500",
        rrn="112100000001",
        auth_code="012345",
        card=CARD,
        chip_data=bytes.fromhex("DF310500"),
        original_batch=BatchNo(6),
        original_trace=Stan(3),
        original_date="1121",
    )
    found = mm.script_result(STATION, advice)
    assert found.mti == "0620"
    assert plain(found) == {
        **OWN,
        2: "6200001234567890128",
        3: "000000",
        4: "000000000700",
        11: "000012",
        22: "051",
        25: "00",
        37: "112100000001",
        38: "012345",
        49: "156",
        55: bytes.fromhex("DF310500"),
        60: "0000000795150",
        61: "0000060000031121",
    }
