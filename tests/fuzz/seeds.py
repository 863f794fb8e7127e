"""The inputs that fuzzing begins with: published dumps, our own messages, field values, slips."""

from __future__ import annotations

import functools
import json

from tests.fuzz import our_messages
from tests.fuzz.target import ROOT
from tests.host.parties import ScriptedIssuer
from tests.sandbox.acquirer import Acquirer
from tests.terminal.rig import Rig
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret
from tongbao.wire.framing import add_length
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.operations import Operation as Op
from tongbao.wire.unionpay.dump import Dump, parse_dump
from tongbao.wire.unionpay.table import UNIONPAY

ENVELOPE = bytes.fromhex("6000030000603100310001")


@functools.cache
def dumps() -> dict[str, bytes]:
    """The published dumps as published, and one message of each kind of our own."""
    path = ROOT / "tests/vectors/unionpay-messages.json"
    published = {
        vector["name"]: bytes.fromhex(vector["hex"])
        for vector in json.loads(path.read_text(encoding="utf-8"))
    }
    return published | {
        f"our_{name}": add_length(ENVELOPE + UNIONPAY.encode(message))
        for name, message in our_messages.requests().items()
    }


@functools.cache
def parsed() -> dict[str, Dump]:
    """The dumps that can be read, decoded."""
    found = {}
    for name, data in dumps().items():
        try:
            found[name] = parse_dump(data)
        except ProtocolError:
            continue
    return found


@functools.cache
def bodies() -> dict[str, bytes]:
    """Message bodies of the terminal dialect: published ones and what our own sides say."""
    found = {name: UNIONPAY.encode(dump.message) for name, dump in parsed().items()}
    found |= {name: frame[11:] for name, frame in terminal_frames().items()}
    for name, message in our_messages.replies().items():
        found[f"our_{name}_reply"] = UNIONPAY.encode(message)
    found["every_field"] = UNIONPAY.encode(_every_field())
    return found


def _every_field() -> Message:
    """A message with every field of the dialect, each with a short value."""
    by_kind = {"n": "1", "z": "1", "an": "A", "ans": "A", "b": b"1"}
    fields = {}
    for number, spec in UNIONPAY.specs.items():
        one = by_kind[spec.kind.value]
        fields[number] = one * (3 if spec.prefix else spec.length)
    return Message("0200", fields)


@functools.cache
def terminal_frames() -> dict[str, bytes]:
    """Frames of our own terminal, without length, as a host receives them."""
    rig = Rig().ready()
    sign_in = rig.outbox[-1].frame[2:]
    rig.sell()
    return {"own_sign_in": sign_in, "own_sale": rig.outbox[-1].frame[2:]}


@functools.cache
def network_bodies() -> dict[str, bytes]:
    """Messages of the network dialect with right MACs."""
    acquirer = Acquirer()
    found = {
        "sale": acquirer.sale(1),
        "sale_without_pin": acquirer.sale(2, pin=None),
        "reversal": acquirer.reversal(1),
        "sign_on": acquirer.management("001"),
        "echo": acquirer.management("301"),
        "inquiry": acquirer.inquiry(1),
        "inquiry_about_nothing": acquirer.inquiry(99),
        "mail_order": acquirer.operation(61, Op.SALE, condition="08", keyed=True, pin=None),
        "sale_by_chip": acquirer.operation(62, Op.SALE, change={23: "001", 55: b"\x9f6\x02\0*"}),
        "refund_of_a_completion": acquirer.operation(63, Op.REFUND, 3, fen=500),
        "refund_of_nothing": acquirer.operation(64, Op.REFUND, 99),
        "refund_above_the_sale": acquirer.operation(65, Op.REFUND, 1, fen=99_999),
        "void_with_another_card": acquirer.operation(66, Op.VOID, 1, card="second"),
    }
    # What each names as its original is in the book of `booked`.
    originals = {Op.COMPLETION_VOID: 3, Op.ADJUSTMENT: 4}
    of_the_hold = (Op.PRE_AUTHORISATION_VOID, Op.COMPLETION, Op.COMPLETION_ADVICE)
    originals |= dict.fromkeys(of_the_hold, 5) | dict.fromkeys((Op.VOID, Op.REFUND), 1)
    for number, operation in enumerate(Op, start=70):
        body = acquirer.operation(number, operation, originals.get(operation))
        found[operation.value if operation is not Op.SALE else "sale_again"] = body
        if operation.is_reversible:
            found[f"reversal_of_{operation.value}"] = acquirer.undo(number, operation)
    return found | {f"booked_{name}": body for name, body in booked().items()}


@functools.cache
def booked() -> dict[str, bytes]:
    """What has been said to the issuer before: 1 sale, 2 and 5 holds, 3 completion, 4 offline."""
    acquirer = Acquirer()
    return {
        "sale": acquirer.operation(1, Op.SALE),
        "hold": acquirer.operation(2, Op.PRE_AUTHORISATION),
        "completion": acquirer.operation(3, Op.COMPLETION, 2),
        "offline_sale": acquirer.operation(4, Op.OFFLINE_SALE),
        "open_hold": acquirer.operation(5, Op.PRE_AUTHORISATION),
    }


@functools.cache
def network_replies() -> dict[str, bytes]:
    """Answers of an issuer to the requests above, with right MACs under the host's zone key."""
    issuer = ScriptedIssuer()
    found = {}
    for name in ("sale", "sale_without_pin", "reversal", "sign_on", "echo", "inquiry", "refund"):
        request = NETWORK.decode(network_bodies()[name])
        found[name] = issuer.answer(request)
        found[f"{name}_declined"] = issuer.answer(request, "51")
    return found


def field_value(value: object) -> bytes:
    """A field value as bytes: digits and characters in ASCII or GBK."""
    shown = value.reveal(Purpose.TEST) if isinstance(value, Secret) else value
    if isinstance(shown, bytes):
        return shown
    assert isinstance(shown, str)
    return shown.encode("gbk")
