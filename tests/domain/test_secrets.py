import copy
import json
import logging
import pickle
import pprint
import traceback
from dataclasses import asdict, dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.domain.secrets import (
    KeyBytes,
    Pan,
    Pin,
    PinBlock,
    Purpose,
    SecretBytes,
    SecretText,
    Track2,
    mask_pan,
)

PAN = "6200001234567890128"
TRACK = PAN + "D30122010000000000"
SECRETS = [
    SecretText("open sesame"),
    SecretBytes(b"\xab\xcd\xef\x01"),
    Pan(PAN),
    Track2(TRACK),
    Pin("271828"),
    PinBlock(bytes.fromhex("0B1099C8B3051753")),
    KeyBytes(bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")),
]
each_secret = pytest.mark.parametrize("secret", SECRETS, ids=lambda secret: type(secret).__name__)


def shows(text, secret):
    """Whether a text holds the value in any of the ways a leak would spell it."""
    value = secret.reveal(Purpose.TEST)
    spellings = (
        [value] if isinstance(value, str) else [value.hex(), value.hex().upper(), str(value)]
    )
    return any(spelling in text for spelling in spellings)


@each_secret
def test_a_secret_shows_its_type_only(secret):
    name = f"{type(secret).__name__}(***)"
    assert repr(secret) == str(secret) == f"{secret}" == f"{secret:>40}" == f"{secret!r}" == name
    assert "%s %r" % (secret, secret) == f"{name} {name}"  # noqa: UP031 - this way of formatting is the subject
    assert pprint.pformat([secret]) == f"[{name}]"
    assert json.dumps({"a": secret}, default=str) == f'{{"a": "{name}"}}'


@each_secret
@pytest.mark.parametrize(
    "operation",
    [
        pickle.dumps,
        lambda secret: pickle.dumps(secret, protocol=0),
        json.dumps,
        hash,
        len,
        bytes,
        list,
        vars,
        sorted,
        lambda secret: secret.__getstate__(),
        lambda secret: secret.__reduce__(),
        lambda secret: secret.__reduce_ex__(2),
        lambda secret: secret + secret,
        lambda secret: secret[0],
        lambda secret: "1" in secret,
        lambda secret: max([secret, secret]),
        lambda secret: {secret: 1},
        lambda secret: secret.reveal("because"),
        lambda secret: secret.reveal(None),
    ],
)
def test_a_secret_has_no_side_door(secret, operation):
    with pytest.raises(TypeError) as caught:
        operation(secret)
    assert not shows("".join(traceback.format_exception(caught.value)), secret)


@each_secret
def test_a_secret_does_not_change(secret):
    with pytest.raises(AttributeError):
        secret._value = "other"
    with pytest.raises(AttributeError):
        secret.note = "other"
    with pytest.raises(AttributeError):
        del secret._value


@each_secret
def test_a_copy_is_the_same_object(secret):
    assert copy.copy(secret) is secret
    assert copy.deepcopy([secret])[0] is secret


@each_secret
def test_a_record_that_holds_a_secret_does_not_show_it(secret, caplog):
    @dataclass(frozen=True)
    class Record:
        value: object

    record = Record(secret)
    assert not shows(repr(record), secret)
    assert asdict(record)["value"] is secret
    logging.getLogger("test").warning("record %s", record)
    assert not shows(caplog.text, secret)


@each_secret
def test_equality_needs_the_same_type_and_value(secret):
    value = secret.reveal(Purpose.TEST)
    assert secret == type(secret)(value)
    assert secret != value
    assert secret != SecretText("something else")
    assert secret is not None


def test_texts_beyond_ascii_compare():
    assert SecretText("密码") == SecretText("密码")
    assert SecretText("密码") != SecretText("密文")


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (Pan, ""),
        (Pan, "62000012345678901281"),
        (Pan, "6200 0012 3456"),
        (Pan, "６２００００"),
        (Pan, 6200001234567890128),
        (Pan, b"620000"),
        (Pan, "620000\n"),
        (Track2, "6200001234567890128"),
        (Track2, "6200001234567890128D3012"),
        (Track2, "6200001234567890128D3012201000000000012345"),
        (Track2, "D3012201"),
        (Track2, "6200001234567890128D30122A1"),
        (Track2, None),
        (Pin, "123"),
        (Pin, "1234567890123"),
        (Pin, "12a4"),
        (Pin, 1234),
        (PinBlock, bytes(7)),
        (PinBlock, "0123456789ABCDEF"),
        (KeyBytes, bytes(15)),
        (KeyBytes, bytearray(16)),
        (KeyBytes, b""),
    ],
)
def test_an_unfit_value_is_refused_without_being_repeated(make, value):
    with pytest.raises(ValueError, match="is ") as caught:
        make(value)
    text = "".join(traceback.format_exception(caught.value, limit=0))
    assert not value or str(value) not in text
    assert caught.value.__cause__ is None


def test_a_card_number_is_masked_with_its_length_kept():
    pan = Pan(PAN)
    assert pan.masked == "620000*********0128"
    assert (pan.bin6, pan.last4) == ("620000", "0128")


@pytest.mark.parametrize(
    ("digits", "masked"),
    [
        ("", ""),
        ("123456789", "*********"),
        ("1234567890", "******7890"),
        ("123456789012", "********9012"),
        ("1234567890123", "123456***0123"),
        ("1234567890123456", "123456******3456"),
    ],
)
def test_shorter_numbers_are_masked_more(digits, masked):
    assert mask_pan(digits) == masked


@given(st.text("0123456789", max_size=40))
def test_a_mask_never_shows_more_than_first_six_and_last_four(digits):
    masked = mask_pan(digits)
    assert len(masked) == len(digits)
    assert sum(char != "*" for char in masked) <= min(10, len(digits) // 2 + 4)
    assert all(shown in ("*", real) for shown, real in zip(masked, digits, strict=True))


@pytest.mark.parametrize(
    ("digits", "valid"),
    [(PAN, True), ("6200001234567890127", False), ("0", True), ("18", True), ("19", False)],
)
def test_the_check_digit_is_checked(digits, valid):
    assert Pan(digits).luhn_valid is valid


@pytest.mark.parametrize("separator", ["D", "="])
def test_a_track_gives_number_expiry_and_service_code(separator):
    track = Track2(TRACK.replace("D", separator))
    assert track.pan == Pan(PAN)
    assert (track.expiry, track.service_code) == ("3012", "201")
    assert track.reveal(Purpose.WIRE) == TRACK.replace("D", separator)
