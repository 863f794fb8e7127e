"""The inputs that fuzzing begins with: published dumps, our own messages, field values, slips."""

from __future__ import annotations

import functools
import json

from tests.fuzz.target import ROOT
from tests.host.parties import ScriptedIssuer
from tests.sandbox.acquirer import Acquirer
from tests.terminal.rig import Rig
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Purpose, Secret
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.dump import Dump, parse_dump
from tongbao.wire.unionpay.table import UNIONPAY

ENVELOPE = bytes.fromhex("6000030000603100310001")


@functools.cache
def dumps() -> dict[str, bytes]:
    """The published dumps, as published."""
    path = ROOT / "tests/vectors/unionpay-messages.json"
    return {
        vector["name"]: bytes.fromhex(vector["hex"])
        for vector in json.loads(path.read_text(encoding="utf-8"))
    }


@functools.cache
def parsed() -> dict[str, Dump]:
    """The published dumps, decoded."""
    found = {}
    for name, data in dumps().items():
        try:
            found[name] = parse_dump(data)
        except ProtocolError:
            continue
    return found


@functools.cache
def bodies() -> dict[str, bytes]:
    """Message bodies of the terminal dialect: published ones and what our own terminal says."""
    found = {name: UNIONPAY.encode(dump.message) for name, dump in parsed().items()}
    found |= {name: frame[11:] for name, frame in terminal_frames().items()}
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
def host_frames() -> dict[str, bytes]:
    """Answers of a host to our own terminal, without length."""
    rig = Rig()
    rig.switch_on().log_in()
    found = {"sign_in_answer": rig.host.answer(rig.outbox[-1].frame)}
    rig.hear(found["sign_in_answer"])
    rig.sell()
    found["sale_answer"] = rig.host.answer(rig.outbox[-1].frame)
    return found


@functools.cache
def network_bodies() -> dict[str, bytes]:
    """Messages of the network dialect with right MACs."""
    acquirer = Acquirer()
    return {
        "sale": acquirer.sale(1),
        "sale_without_pin": acquirer.sale(2, pin=None),
        "reversal": acquirer.reversal(1),
        "sign_on": acquirer.management("001"),
        "echo": acquirer.management("301"),
    }


@functools.cache
def network_replies() -> dict[str, bytes]:
    """Answers of an issuer to the requests above, with right MACs under the host's zone key."""
    issuer = ScriptedIssuer()
    found = {}
    for name, body in network_bodies().items():
        request = NETWORK.decode(body)
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
