"""Downloads step by step: what is asked, what an answer adds, what stops them."""

import hashlib
from dataclasses import replace

import pytest

from tests.terminal.test_management_messages import BATCH, OWN, STATION, plain
from tongbao.terminal.core.download_steps import (
    Download,
    DownloadError,
    Step,
    begin_download,
    download_request,
    is_download_answer,
    take_download_answer,
    with_part,
)
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.tlv import TlvElement, build_tlv
from tongbao.wire.unionpay.transactions import reply_mti

RID = bytes.fromhex("A000000333")


def tlv(**values: bytes) -> bytes:
    return build_tlv(TlvElement(tag.lstrip("t"), value) for tag, value in values.items())


def key_name(index: int) -> bytes:
    return tlv(t9F06=RID, t9F22=bytes([index]))


def key_data(index: int, **changes: bytes) -> bytes:
    parts = {"t9F06": RID, "t9F22": bytes([index]), "tDF02": b"\xc1" * 128, "tDF04": b"\x03"}
    digest = hashlib.sha1(b"".join(parts.values())).digest()
    return tlv(**{**parts, "tDF03": digest, **changes})


def answer(request: Message, value: bytes | None = None, code: str = "00") -> Message:
    fields = {n: v for n, v in request.fields.items() if n in (41, 42, 60)}
    if value is not None:
        fields[62] = value
    return Message(
        reply_mti(request.mti),
        {
            **fields,
            39: code,
        },
    )


def ask(state):
    return download_request(state, STATION, BATCH)


def step(state, value=None, code="00"):
    request = ask(state)
    reply = answer(request, value, code)
    assert is_download_answer(state, reply)
    return take_download_answer(state, reply)


def listed(*indexes: int, flag: bytes = b"1") -> bytes:
    return flag + b"".join(key_name(i) + tlv(tDF05=b"20301231") for i in indexes)


def test_public_keys_are_listed_loaded_and_ended():
    state = begin_download(Download.PUBLIC_KEYS)
    asked = [(ask(state).mti, plain(ask(state)))]
    state = step(state, listed(1, 2, flag=b"2"))
    asked.append((ask(state).mti, plain(ask(state))))
    state = step(state, listed(3))
    assert (state.step, state.done, state.total) == (Step.LOAD, 0, 3)
    for index in (1, 2, 3):
        asked.append((ask(state).mti, plain(ask(state))))
        state = step(state, b"1" + key_data(index))
    asked.append((ask(state).mti, plain(ask(state))))
    assert (state.step, state.done) == (Step.END, 3)
    state = step(state)
    assert state.step is Step.DONE
    assert state.parts == {key_name(index): key_data(index) for index in (1, 2, 3)}
    own = {**OWN, 60: "00000007372"}
    load = {**OWN, 60: "00000007370"}
    assert asked == [
        ("0820", {**own, 62: b"100"}),
        ("0820", {**own, 62: b"102"}),
        *[("0800", {**load, 62: key_name(index)}) for index in (1, 2, 3)],
        ("0800", {**OWN, 60: "00000007371"}),
    ]


def test_an_interrupted_download_loads_only_what_is_missing():
    state = begin_download(Download.PUBLIC_KEYS, {key_name(1): key_data(1)})
    state = step(state, listed(1, 2))
    assert (state.entry, state.done, state.total) == (key_name(2), 1, 2)
    state = step(state, b"1" + key_data(2))
    assert state.step is Step.END


def test_a_host_without_keys_ends_the_download_at_once():
    assert step(begin_download(Download.PUBLIC_KEYS), b"0").step is Step.END


@pytest.mark.parametrize(
    ("value", "code", "error"),
    [
        (None, "00", "bad_answer"),
        (b"", "00", "bad_answer"),
        (b"3", "00", "refused"),
        (b"2", "00", "endless_list"),
        (b"1\x9f", "00", "bad_answer"),
        (listed(1), "96", "96"),
        (b"1" + b"".join(key_name(i) for i in range(100)), "00", "endless_list"),
    ],
)
def test_a_list_that_makes_no_sense_stops_the_download(value, code, error):
    with pytest.raises(DownloadError) as caught:
        step(begin_download(Download.PUBLIC_KEYS), value, code)
    assert caught.value.code == error


@pytest.mark.parametrize(
    ("value", "error"),
    [
        (b"0", "no_entry"),
        (b"1" + key_data(2), "other_entry"),
        (b"1" + key_data(1, tDF04=b"\x05"), "checksum"),
        (b"1" + key_name(1), "checksum"),
        (b"", "bad_answer"),
    ],
)
def test_a_key_that_is_not_the_one_or_not_whole_is_not_taken(value, error):
    state = step(begin_download(Download.PUBLIC_KEYS), listed(1))
    with pytest.raises(DownloadError) as caught:
        step(state, value)
    assert caught.value.code == error
    assert state.parts == {}


def test_an_answer_to_another_request_is_not_an_answer():
    state = begin_download(Download.PUBLIC_KEYS)
    late = answer(ask(state), listed(1))
    state = step(state, listed(1))
    assert not is_download_answer(state, late)
    assert not is_download_answer(state, Message("0810", {39: "00"}))


def test_chip_parameters_are_named_by_their_application():
    state = begin_download(Download.CHIP_PARAMETERS)
    assert plain(ask(state)) == {**OWN, 60: "00000007382", 62: b"100"}
    state = step(state, b"1" + tlv(t9F06=b"\xa0\x01"))
    assert plain(ask(state)) == {**OWN, 60: "00000007380", 62: tlv(t9F06=b"\xa0\x01")}
    state = step(state, b"1" + tlv(t9F06=b"\xa0\x01", tDF01=b"\x00"))
    assert plain(ask(state)) == {**OWN, 60: "00000007381"}
    assert step(state).step is Step.DONE


def test_parameters_come_in_one_answer():
    state = begin_download(Download.PARAMETERS)
    assert plain(ask(state)) == {**OWN, 60: "00000007360"}
    with pytest.raises(DownloadError):
        step(state, b"99?")
    state = step(state, b"1260")
    assert (state.step, state.parts, state.done, state.total) == (Step.END, {b"": b"1260"}, 1, 1)
    assert plain(ask(state)) == {**OWN, 60: "00000007361"}
    assert step(state).step is Step.DONE


def test_a_blacklist_is_not_kept_as_it_comes():
    state = step(begin_download(Download.BLACKLIST), b"196200001234567890128")
    assert (state.step, state.parts) == (Step.LOAD, {})
    state = with_part(state, b"tokens")
    assert (state.step, state.parts) == (Step.END, {b"": b"tokens"})
    assert plain(ask(state)) == {**OWN, 60: "00000007391"}


def test_a_master_key_comes_under_a_transport_key_and_is_confirmed():
    state = begin_download(Download.MASTER_KEY)
    assert plain(ask(state)) == {**OWN, 60: "00000007352"}
    rsa = tlv(t9F06=RID, t9F22=b"\x01", tDF02=b"\xc1" * 128, tDF04=b"\x03")
    state = step(state, rsa)
    assert (state.step, state.parts) == (Step.LOAD, {b"": rsa})
    state = replace(state, key_request=tlv(tDF23=b"\x01" * 128, tDF24=b"1234"))
    assert plain(ask(state)) == {
        **OWN,
        60: "00000007350",
        62: tlv(tDF23=b"\x01" * 128, tDF24=b"1234"),
    }
    with pytest.raises(DownloadError):
        step(state, tlv(tDF23=b"\x02" * 16))
    state = step(state, tlv(tDF23=b"\x02" * 16, tDF24=b"5678"))
    assert (state.step, state.key_answer) == (Step.END, tlv(tDF23=b"\x02" * 16, tDF24=b"5678"))
    assert plain(ask(state)) == {**OWN, 60: "00000007351", 62: tlv(tDF24=b"5678")}
    assert step(state).step is Step.DONE
    assert "DF23" not in repr(state)
