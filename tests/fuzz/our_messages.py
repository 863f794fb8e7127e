"""One message of each kind that the dialect has, as our terminal and host say it; no MAC is right.

Spec: UnionPay terminal dialect, 3.
"""

from __future__ import annotations

from tongbao.domain.ids import Stan
from tongbao.domain.secrets import Pan
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.iso8583.fields import FieldValue
from tongbao.wire.jbig import Bitmap, encode
from tongbao.wire.tlv import TlvElement, build_tlv
from tongbao.wire.unionpay import structured as st
from tongbao.wire.unionpay import transactions as tx

PAN = "6200001234567890128"
FOREIGN = "6200009900000010"
_TRACK = "6200001234567890128D30122010000000000"
_HEAD: dict[int, FieldValue] = {41: "00000001", 42: "100000000000001"}
_MAC: dict[int, FieldValue] = {64: b"0A1B2C3D"}
_RRN = "0K3F5Q7A0001"
_CHIP = bytes.fromhex(
    "9F2608ED1D6BA78357FB259F3602002A9505008004E0009A032611219C0100DF31052000000000"
)
_CHIP_ANSWER = bytes.fromhex("9F3602002A910A0102030405060708303072049F180102")


def _financial(transaction: tx.Transaction, fields: dict[int, FieldValue]) -> Message:
    assert transaction.processing_code is not None
    assert transaction.condition is not None
    known: dict[int, FieldValue] = {
        3: transaction.processing_code,
        4: "000000012345",
        11: "000007",
        22: "021",
        25: transaction.condition,
        49: "156",
        60: f"{transaction.function}000001000501",
        **_HEAD,
        **_MAC,
    }
    known |= fields
    return Message(transaction.mti, {key: value for key, value in known.items() if value != ""})


_SWIPED: dict[int, FieldValue] = {35: _TRACK, 53: "0600000000000000"}
_WITH_PIN: dict[int, FieldValue] = {
    26: "12",
    35: _TRACK,
    52: bytes.fromhex("0B1099C8B3051753"),
    53: "2600000000000000",
}
_KEYED: dict[int, FieldValue] = {2: PAN, 14: "3012", 22: "012"}
_CHIP_CARD: dict[int, FieldValue] = {
    2: PAN,
    14: "3012",
    22: "051",
    23: "001",
    35: _TRACK,
    55: _CHIP,
}
_ORIGINAL: dict[int, FieldValue] = {37: _RRN, 61: "000001000003"}
_DATED: dict[int, FieldValue] = {37: _RRN, 61: "0000010000031120"}
_HELD: dict[int, FieldValue] = {38: "000042", 61: "0000000000001120"}


def _financial_requests() -> dict[str, Message]:
    with_sm4 = {26: "12", 35: _TRACK, 52: bytes(8), 53: "2300000000000000"}
    sm4_block = st.PrivateData.of_pin_block(bytes(range(16))).build()
    return {
        "balance": _financial(tx.BALANCE, {**_WITH_PIN, 4: "", 60: "0100000100050"}),
        "sale": _financial(tx.SALE, _WITH_PIN),
        "sale_without_pin": _financial(tx.SALE, _SWIPED),
        "sale_by_chip": _financial(tx.SALE, _CHIP_CARD),
        "sale_with_sm4": _financial(tx.SALE, {**with_sm4, 59: sm4_block}),
        "mail_order": _financial(tx.MAIL_ORDER, _KEYED),
        "void": _financial(tx.VOID, {**_SWIPED, **_ORIGINAL, 38: "000041"}),
        "refund": _financial(tx.REFUND, {**_SWIPED, **_DATED, 63: "CUP"}),
        "pre_authorisation": _financial(tx.PREAUTH, _WITH_PIN),
        "pre_authorisation_void": _financial(tx.PREAUTH_VOID, {**_SWIPED, **_HELD}),
        "completion": _financial(tx.COMPLETION, {**_SWIPED, **_HELD}),
        "completion_advice": _financial(tx.COMPLETION_ADVICE, {**_KEYED, **_HELD}),
        "completion_void": _financial(tx.COMPLETION_VOID, {**_SWIPED, **_HELD, 37: _RRN}),
        "offline_sale": _financial(tx.OFFLINE_SALE, {**_KEYED, 38: "PHONE1", 63: "000"}),
        "adjustment": _financial(
            tx.ADJUSTMENT, {**_KEYED, 61: "00000100000311210100000000000", 63: "CUP"}
        ),
        "tip": _financial(tx.TIP, {**_KEYED, **_DATED, 48: "000000000150", 63: "CUP"}),
        "chip_offline_sale": _financial(tx.CHIP_OFFLINE_SALE, {**_CHIP_CARD, 63: "000"}),
        "reversal": Message(
            "0400",
            {**_financial(tx.SALE, {2: PAN, 39: "98", 38: "000041"}).fields},
        ),
        "reversal_of_void": Message(
            "0400", {**_financial(tx.VOID, {39: "98", 61: "0000010000030000"}).fields}
        ),
        "reversal_by_chip": Message(
            "0400", {**_financial(tx.SALE, {2: PAN, 23: "001", 39: "06", 55: _CHIP}).fields}
        ),
        "script_result": Message(
            "0620",
            {
                **_financial(tx.SALE, {**_DATED, 2: PAN, 22: "051", 23: "001", 55: _CHIP}).fields,
                32: "99900001",
                38: "000041",
                60: "0000000195150",
            },
        ),
    }


def _management(transaction: tx.Transaction, network: str = "", **values: FieldValue) -> Message:
    fields: dict[int, FieldValue] = {**_HEAD}
    fields[60] = f"{transaction.function}000001{network or transaction.network_code}"
    fields |= {int(name.removeprefix("f")): value for name, value in values.items()}
    return Message(transaction.mti, fields)


def _signature() -> bytes:
    rows = bytes(30 * 20) + b"\x0f\xf0" * (15 * 10) + bytes(30 * 20)
    return encode(Bitmap(240, 50, rows))


def _batch_requests() -> dict[str, Message]:
    totals = st.SettlementTotals(
        st.SettlementSide.of((3, 12_345), (1, 500)), st.SettlementSide.of((1, 700), (0, 0))
    )
    details = st.BatchDetails(
        tuple(
            st.BatchDetail.of(Stan(number), Pan(pan), 100 * number, is_foreign=pan == FOREIGN)
            for number, pan in enumerate((PAN, FOREIGN, PAN), start=3)
        )
    )
    chip = st.IcUpload("61", "00", "00", "000000012345", "156")
    risky = st.IcUpload("71", "01", "05", "000000012345", "156", "22")
    chip_fields: dict[str, FieldValue] = {"f2": PAN, "f4": "000000012345", "f11": "000004"}
    chip_fields |= {"f22": "051", "f23": "001", "f55": _CHIP}
    found = {
        "settlement": _management(
            tx.SETTLEMENT, f11="000010", f48=totals.build(), f49="156", f63="01 "
        ),
        "batch_details": _management(tx.BATCH_DETAILS, f11="000011", f48=details.build()),
        "batch_chip": _management(tx.BATCH_CHIP_BALANCED, f62=chip.build(), **chip_fields),
        "batch_risk": _management(tx.BATCH_RISK_UNBALANCED, f62=risky.build(), **chip_fields),
        "batch_end": _management(tx.BATCH_END_BALANCED, f11="000012", f48="0004"),
    }
    for kind in ("refund", "completion_advice", "offline_sale"):
        request = _financial_requests()[kind]
        fields = {number: value for number, value in request.fields.items() if number != 64}
        found[f"batch_{kind}"] = Message("0320", fields)
    return found


def _management_requests() -> dict[str, Message]:
    slip = st.SignatureData(merchant_name="小店", transaction_type="消费", operator="01")
    transport = st.WrappedTransportKey(b"\xa5" * 256, b"\x01\x02\x03\x04")
    found = {
        "sign_in": _management(tx.SIGN_IN, f11="000001", f63="01 "),
        "sign_in_sm4": _management(tx.SIGN_IN, "006", f11="000001", f63="01 "),
        "sign_off": _management(tx.SIGN_OFF, f11="000009"),
        "echo": _management(tx.ECHO),
        "status": _management(tx.STATUS_UPLOAD, f62=b"paper=ok;printer=ok"),
        "signature": Message(
            "0820",
            {
                **_HEAD,
                2: PAN,
                4: "000000012345",
                11: "000003",
                15: "1121",
                37: _RRN,
                55: slip.build(),
                60: "07000001800",
                62: _signature(),
                64: b"0A1B2C3D",
            },
        ),
        "public_key_list": _management(tx.PUBLIC_KEY_LIST, f62=b"100"),
        "public_key": _management(tx.PUBLIC_KEYS, f62=bytes.fromhex("9F0605A0000003339F22010B")),
        "chip_parameter_list": _management(tx.CHIP_PARAMETER_LIST, f62=b"105"),
        "chip_parameters": _management(
            tx.CHIP_PARAMETERS, f62=bytes.fromhex("9F0608A000000333010101")
        ),
        "bin_list": _management(tx.BIN_LIST_B, f62=b"000"),
        "master_key": _management(tx.MASTER_KEY, f62=transport.build()),
    }
    for download in (tx.PARAMETERS, tx.BLACKLIST, tx.CONTACTLESS_PARAMETERS, tx.MASTER_KEY_RSA):
        found[download.kind] = _management(download)
        found[f"{download.kind}_end"] = _management(download, download.end_code)
    return found


def requests() -> dict[str, Message]:
    """Every message that a terminal sends."""
    return _financial_requests() | _batch_requests() | _management_requests()


def _reply(request: Message, **values: FieldValue) -> Message:
    echoed = (2, 3, 4, 11, 23, 25, 41, 42, 49, 60)
    fields = {number: value for number, value in request.fields.items() if number in echoed}
    fields |= {12: "100000", 13: "1121", 32: "99900001", 37: _RRN, 39: "00"}
    fields |= {int(name.removeprefix("f")): value for name, value in values.items()}
    return Message(tx.reply_mti(request.mti), fields)


def replies() -> dict[str, Message]:
    """What a host answers to them."""
    asked = requests()
    rsa = st.RsaTransportKey(b"\xc3" * 256, b"\x01\x00\x01")
    master = st.WrappedMasterKey(b"\x5a" * 16, b"\x01\x02\x03\x04")
    key = st.CaPublicKey("A000000333", "0B", "20301231", b"\xcd" * 128, b"\x03")
    totals = st.SettlementTotals(
        st.SettlementSide.of((3, 12_345), (1, 500), "1"),
        st.SettlementSide.of((1, 700), (0, 0), "2"),
    )
    own: dict[str, dict[str, FieldValue]] = {
        "sale": {"f15": "1121", "f38": "000041", "f63": "CUP"},
        "sale_by_chip": {"f38": "000041", "f55": _CHIP_ANSWER, "f63": "CUP"},
        "balance": {"f54": "0001156C0000050000000002156D000004999000", "f63": "VIS"},
        "settlement": {"f48": totals.build()},
        "batch_end": {"f48": "0004"},
        "sign_in_sm4": {"f62": bytes(range(60))},
        "public_key_list": {
            "f62": b"2" + bytes.fromhex("9F0605A0000003339F22010BDF05083230333031323331") * 3
        },
        "public_key": {"f62": b"1" + key.build()},
        "chip_parameters": {
            "f62": b"1" + build_tlv((TlvElement("9F06", b"\xa0" * 7), TlvElement("DF01", b"\0")))
        },
        "parameters": {"f62": b"1260180192021023326\xff\xe0\x00\x00"},
        "blacklist": {"f62": f"19{PAN}16{FOREIGN}".encode()},
        "bin_list": {"f62": b"100106620000"},
        "contactless_parameters": {"f62": b"FF8058003500FF8059003300"},
        "master_key_rsa_key": {"f62": rsa.build()},
        "master_key": {"f62": master.build()},
    }
    return {name: _reply(request, **own.get(name, {})) for name, request in asked.items()}
