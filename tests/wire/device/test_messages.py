"""Messages between terminal and platform: one form, read back as written, and nothing else read."""

import contextlib
import dataclasses
import json
import re
import types
import typing
from enum import StrEnum

import pytest
from hypothesis import given
from hypothesis import settings as settings_of_hypothesis
from hypothesis import strategies as st

from tongbao.domain.errors import ProtocolError
from tongbao.wire.device import activation, health, paths, settings
from tongbao.wire.device.activation import Hello, InvitationText
from tongbao.wire.device.codec import Between, Length, Matches, decode, encode
from tongbao.wire.device.document import canonical, parse
from tongbao.wire.device.signing import (
    RequestSignature,
    document_digest,
    report_signing_input,
    request_signing_input,
)

MESSAGES = sorted(
    {
        kind
        for module in (activation, settings, health)
        for kind in vars(module).values()
        if dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__
    },
    key=lambda kind: kind.__name__,
)
HELLO = Hello(
    serial_number="TB26110001",
    model="T1",
    software_version="0.1.0",
    public_key=bytes(range(32)),
    nonce=bytes(16),
)


def _values(hint):  # noqa: PLR0911 - one line for each form of a field
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        inner = next(part for part in typing.get_args(hint) if part is not type(None))
        return st.none() | _values(inner)
    if typing.get_origin(hint) is typing.Annotated:
        bare, *rules = typing.get_args(hint)
        return _ruled(bare, rules)
    if typing.get_origin(hint) is tuple:
        return st.lists(_values(typing.get_args(hint)[0]), max_size=3).map(tuple)
    if typing.get_origin(hint) is dict:
        return st.dictionaries(_texts(0, 8), _texts(0, 8), max_size=3)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return st.sampled_from(list(hint))
    if dataclasses.is_dataclass(hint):
        return _messages(hint)
    return {str: _texts(0, 8), bool: st.booleans()}[hint]


def _texts(least, most):
    characters = st.characters(exclude_categories=["Cs"])
    return st.text(characters, min_size=least, max_size=min(most, least + 12))


def _ruled(bare, rules):
    values = None
    for rule in rules:
        match rule:
            case Between(least=least, most=most):
                values = st.integers(least, most)
            case Matches(pattern=pattern):
                values = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=True)
            case Length(least=least, most=most) if bare is bytes:
                values = st.binary(min_size=least, max_size=min(most, least + 64))
            case Length(least=least, most=most) if bare is str:
                values = _texts(least, most)
            case Length(least=least, most=most):
                item = _values(typing.get_args(bare)[0])
                values = st.lists(item, min_size=least, max_size=min(most, least + 2)).map(tuple)
    return values


def _messages(kind):
    hints = typing.get_type_hints(kind, include_extras=True)
    return st.fixed_dictionaries({name: _values(hint) for name, hint in hints.items()}).map(
        lambda found: kind(**found)
    )


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_what_is_written_is_read_back_and_written_the_same(kind):
    @settings_of_hypothesis(max_examples=15)
    @given(_messages(kind))
    def holds(message):
        body = encode(message)
        assert decode(kind, body) == message
        assert encode(decode(kind, body)) == body
        assert canonical(parse(body)) == body

    holds()


@given(st.sampled_from(MESSAGES), st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_protocol_error(kind, body):
    with contextlib.suppress(ProtocolError):
        decode(kind, body)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner),
    max_leaves=8,
)


@given(st.sampled_from(MESSAGES), _json, st.data())
def test_a_damaged_message_is_refused_or_still_means_something_written_the_same(kind, value, data):
    message = json.loads(encode(data.draw(_messages(kind))))
    name = data.draw(st.sampled_from(sorted(message) or ["x"]))
    message[name] = value
    try:
        read = decode(kind, json.dumps(message).encode())
    except ProtocolError:
        return
    assert decode(kind, encode(read)) == read


def test_the_form_is_sorted_and_without_spaces():
    assert (
        canonical({"b": [1, True, None], "a": "中\n"}) == '{"a":"中\\n","b":[1,true,null]}'.encode()
    )


@pytest.mark.parametrize(
    "value",
    [1.5, {"a": 0.0}, float("nan"), 2**53, [-(2**53)], {"a": "\ud800"}, {1: "a"}, b"bytes"],
    ids=str,
)
def test_what_has_no_form_is_refused(value):
    with pytest.raises(ValueError, match=r"^(a |it is|there is)"):
        canonical(value)


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"null", "it is not a JSON object"),
        (b'{"a":1,"a":1}', "a key stands twice in one object"),
        (b'{"a":1.0}', "a number is not whole"),
        (b'{"a":NaN}', "a number is not whole"),
        (b'{"a":9007199254740992}', "a number does not fit 53 bits"),
        (b'{"a":' + b"9" * 5000 + b"}", "a number does not fit 53 bits"),
        (b'{"a":"\\ud800"}', "a text holds half a character"),
        (b'{"a":' + b"[" * 13 + b"]" * 13 + b"}", "it is nested deeper than 12"),
        (b'{"a":' + b"[" * 100_000, "it is not JSON"),
        (b'{"a":"' + b"x" * 300_000 + b'"}', "it has more than 262144 bytes"),
    ],
)
def test_a_body_that_is_no_document_is_refused(body, rule):
    with pytest.raises(ProtocolError) as caught:
        parse(body)
    assert caught.value.rule == rule


@pytest.mark.parametrize(
    ("change", "path", "rule"),
    [
        ({"serial_number": None}, "serial_number", "it is missing"),
        ({"serial_number": "TB 1"}, "serial_number", "it is not of the form [0-9A-Za-z-]{4,32}"),
        ({"serial_number": 7}, "serial_number", "it is not text"),
        ({"model": ""}, "model", "its length is not 1 to 40"),
        ({"public_key": "AAAA"}, "public_key", "its length is not 32 to 32"),
        ({"public_key": "AAA"}, "public_key", "it is not base64"),
        ({"nonce": "AB=="}, "nonce", "it is not base64"),
        ({"nonce": True}, "nonce", "it is not text"),
    ],
)
def test_an_error_names_the_field_and_the_rule_and_no_value(change, path, rule):
    body = json.loads(encode(HELLO)) | change
    with pytest.raises(ProtocolError) as caught:
        decode(Hello, json.dumps(body).encode())
    assert (caught.value.path, caught.value.rule) == (path, rule)


def test_an_error_inside_a_list_names_its_place():
    body = {"acts": [{"act_id": "a", "kind": "explode", "body": {}}], "wanted_version": 1}
    with pytest.raises(ProtocolError) as caught:
        decode(health.HeartbeatAnswer, json.dumps(body).encode())
    assert caught.value.path == "acts[0].kind"


def test_an_unknown_key_is_passed_over():
    body = json.loads(encode(HELLO)) | {"colour": "green"}
    assert decode(Hello, json.dumps(body).encode()) == HELLO


def test_a_value_against_its_rule_is_not_written():
    with pytest.raises(ValueError, match="serial_number"):
        encode(dataclasses.replace(HELLO, serial_number="?"))


def test_the_text_of_the_qr_code_is_read_back():
    text = InvitationText(serial_number="TB26110001", terminal_id="00000007", code="01234567")
    assert str(text) == "tongbao-activate:TB26110001:00000007:01234567"
    assert InvitationText.parse(f" {text}\n") == text


@pytest.mark.parametrize("text", ["", "https://example.org", "tongbao-activate:TB26110001:7:1"])
def test_another_scanned_text_is_refused(text):
    with pytest.raises(ProtocolError):
        InvitationText.parse(text)


@given(
    st.integers(0, 10**16 - 1),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=64, max_size=64),
)
def test_the_signature_header_is_read_back(at_ms, nonce, signature):
    header = RequestSignature(at_ms=at_ms, nonce=nonce, signature=signature)
    assert RequestSignature.parse(header.header()) == header


@pytest.mark.parametrize(
    "header", ["", "v2 t=1,n=00,s=", "v1 t=1,n=" + "0" * 32 + ",s=" + "=" * 88]
)
def test_another_signature_header_is_refused(header):
    with pytest.raises(ProtocolError):
        RequestSignature.parse(header)


def test_what_is_signed_is_fixed():
    signed = request_signing_input("POST", "/device/v1/hello", 1_700_000_000_000, bytes(16), b"{}")
    assert signed == (
        b"tongbao device request v1\nPOST\n/device/v1/hello\n1700000000000\n"
        + b"0" * 32
        + b"\n44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )
    assert report_signing_input(b"{}") == b"tongbao device report v1\n{}"
    assert document_digest(b"{}") == signed.decode().rsplit("\n", 1)[1]


_parts = st.tuples(
    st.sampled_from(["GET", "POST"]),
    st.from_regex(r"/[a-z?=0-9/]{0,20}", fullmatch=True),
    st.integers(0, 2**53),
    st.binary(min_size=16, max_size=16),
    st.binary(max_size=20),
)


@given(_parts, _parts)
def test_two_requests_never_have_the_same_bytes_to_sign(one, other):
    same = request_signing_input(*one) == request_signing_input(*other)
    assert same == (one == other)


def test_only_hello_and_activation_are_asked_for_without_a_certificate():
    assert sorted(paths.SIGNED) == ["/device/v1/activation", "/device/v1/hello"]
    assert paths.wanted_path(7) == "/device/v1/wanted?since=7"
    assert paths.act_path("act_1") == "/device/v1/acts/act_1"
