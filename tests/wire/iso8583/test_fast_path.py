"""Generated functions change speed and nothing else."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.wire.iso8583.strategies import messages, steady
from tests.wire.samples import body_of, each_vector, plain
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretBytes, SecretText
from tongbao.wire.iso8583 import codec
from tongbao.wire.iso8583.codec import Dialect, Message
from tongbao.wire.iso8583.fast_path import NotPlainError, generate_decoder, generate_encoder
from tongbao.wire.iso8583.fields import FieldSpec, Kind
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.unionpay.table import FIELDS, UNIONPAY

each_dialect = pytest.mark.parametrize("dialect", [UNIONPAY, NETWORK], ids=lambda one: one.name)


def fresh(dialect):
    """The same dialect without anything generated yet."""
    secondary = any(number > 64 for number in dialect.specs)
    return Dialect(dialect.name, dialect.specs.values(), secondary_bitmap=secondary)


@pytest.fixture
def eager(monkeypatch):
    """From the second use on, messages go through generated functions."""
    monkeypatch.setattr(codec, "_USES_BEFORE_FAST", 1)


def outcome(call):
    try:
        return call()
    except ProtocolError as error:
        return str(error)


@each_vector
def test_a_published_message_reads_and_writes_the_same_fast(vector, eager):
    dialect, body = fresh(UNIONPAY), body_of(vector)
    slow = dialect.decode(body)
    assert [dialect.decode(body) for _ in range(2)] == [slow, slow]
    assert [dialect.encode(slow) for _ in range(3)] == [body] * 3
    plans = [*dialect._decode_plans.values(), *dialect._encode_plans.values()]
    assert len(plans) == 2
    assert all(plan.fast is not None for plan in plans)
    values = plan_fields(dialect, body)
    assert values == {n: plain(v) for n, v in slow.fields.items()} or slow.pads or not_ascii(slow)


def plan_fields(dialect, body):
    """What the generated function itself says, None when it hands the message over."""
    (plan,) = dialect._decode_plans.values()
    try:
        return {n: plain(v) for n, v in plan.fast(body, body.hex()).items()}
    except codec.REFUSALS:
        return None


def not_ascii(message):
    empty = any(plain(value) == "" for value in message.fields.values())
    return empty or not all(str(plain(value)).isascii() for value in message.fields.values())


def test_most_published_messages_are_plain(eager):
    from tests.wire.samples import VECTORS

    handed_over = 0
    for vector in VECTORS:
        dialect = fresh(UNIONPAY)
        for _ in range(2):
            dialect.decode(body_of(vector))
        handed_over += plan_fields(dialect, body_of(vector)) is None
    assert handed_over == 2  # one unusual pad, one Chinese text


@each_dialect
@steady
@given(data=st.data())
def test_any_message_reads_and_writes_the_same_fast(dialect, data):
    message = data.draw(messages(dialect))
    wire = dialect.encode(message)
    slow = dialect.decode(wire)
    specs = [dialect.specs[number] for number in slow.fields]
    start = 18 if max(slow.fields, default=0) > 64 else 10
    with contextlib.suppress(*codec.REFUSALS):
        assert generate_decoder(specs, start)(wire, wire.hex()) == slow.fields
        assert not slow.pads
    with contextlib.suppress(*codec.REFUSALS):
        unpadded_wire = dialect.encode(unpadded(slow))
        assert generate_encoder(specs, wire[:start])(slow.fields) == unpadded_wire


def unpadded(message):
    return Message(message.mti, message.fields)


@steady
@given(messages(UNIONPAY, with_pads=False), st.data())
def test_damaged_messages_end_the_same_fast(message, data):
    wire = bytearray(UNIONPAY.encode(message))
    if len(wire) > 10:
        wire[data.draw(st.integers(10, len(wire) - 1))] ^= data.draw(st.integers(1, 255))
        wire = wire[: len(wire) - data.draw(st.integers(0, 2))]
    dialect = fresh(UNIONPAY)
    slow = outcome(lambda: dialect.decode(bytes(wire)))
    for plan in dialect._decode_plans.values():
        plan.fast = generate_decoder([UNIONPAY.specs[n] for n, _ in plan.singles], plan.start)
    assert outcome(lambda: dialect.decode(bytes(wire))) == slow


VALUES = [
    "",
    "000000",
    "00000a",
    "12345678",
    "１２３４５６",
    "000000000001",
    "62 D12",
    "62=12",
    "é" * 8,
    b"000000",
    b"12345678",
    bytes(8),
    bytes(9),
    SecretText("000000"),
    SecretText("62D1"),
    SecretBytes(bytes(8)),
    SecretBytes(b"000000"),
    None,
    7,
    ["0"] * 6,
    ("0", "0", "0", "0", "0", "0", "0", "0"),
]


@pytest.mark.parametrize("number", [spec.number for spec in FIELDS])
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_any_value_ends_the_same_fast(number, value, eager):
    """Alone and in the row where the field usually stands."""
    rows = [{number: value}, {3: "000000", 4: "0" * 12, 41: "0" * 8, 42: "0" * 15, number: value}]
    for fields in rows:
        dialect = fresh(UNIONPAY)
        slow = outcome(lambda d=dialect, f=fields: d.encode(Message("0200", f)))
        fast = outcome(lambda d=dialect, f=fields: d.encode(Message("0200", f)))
        assert fast == slow


def test_a_mac_input_is_written_the_same_fast(eager):
    dialect = fresh(UNIONPAY)
    message = Message("0200", {3: "000000", 41: "00000001", 64: b"12345678"})
    first = dialect.encode_unsigned(message, 64)
    assert [dialect.encode_unsigned(message, 64) for _ in range(3)] == [first] * 3
    assert dialect.encode(message) == first + b"12345678"


def test_pads_are_written_by_the_field_functions(eager):
    dialect = fresh(UNIONPAY)
    body = bytes.fromhex("0200" + "0000040000000000" + "021f")
    for _ in range(3):
        message = dialect.decode(body)
        assert message.pads == {22: "F"}
        assert dialect.encode(message) == body


def test_nothing_is_generated_for_a_message_seen_once():
    dialect = fresh(UNIONPAY)
    dialect.decode(bytes.fromhex("0820" + "00" * 8))
    assert [plan.fast for plan in dialect._decode_plans.values()] == [None]


def test_a_refusal_is_no_protocol_error():
    decode = generate_decoder([FieldSpec(number=3, kind=Kind.NUMERIC, length=6)], 0)
    with pytest.raises(NotPlainError):
        decode(b"\xaa\xaa\xaa", "aaaaaa")
