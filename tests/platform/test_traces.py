"""Trace files: what they tell, and that nothing in them can be changed or leak."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.platform.payments.status import Status
from tongbao.platform.payments.traces.document import (
    TraceError,
    TraceKey,
    read_trace,
    write_trace,
)
from tongbao.platform.payments.traces.messages import messages_of
from tongbao.platform.payments.traces.types import (
    Meaning,
    Party,
    Trace,
    TracedEvent,
    TracedException,
    TracedMessage,
    TracedPayment,
    looks_like_card,
)

KEY = TraceKey(bytes(range(32)))
START_US = 1_795_250_000_000_000


def payment(*events, **changes):
    values = {
        "rrn": "000000000001",
        "kind": "sale",
        "terminal": "00000001",
        "merchant": "100000000000001",
        "batch": 1,
        "trace": 7,
        "amount_minor": 12_345,
        "currency": "156",
        "card": "620000*********0128",
        "organisation": "CUP",
        "entry_mode": "021",
        "business_date": "2026-11-21",
        "route": "issuer",
        "original": "",
        "received_at_us": START_US,
        "events": tuple(
            TracedEvent(at_us=START_US + n, kind=kind, **more)
            for n, (kind, more) in enumerate(events, 1)
        ),
    }
    bare = TracedPayment(**{**values, **changes})
    return TracedPayment(**{**values, **changes, "messages": messages_of(bare)})


def trace_of(*payments):
    return Trace(
        subject=payments[0].rrn,
        made_at_us=START_US + 9,
        is_sandbox=True,
        software="0.1.0",
        payments=payments,
        exceptions=(
            TracedException(
                kind="reversal_undelivered",
                rrn=payments[0].rrn,
                opened_at_us=START_US,
                closed_at_us=None,
                detail="6 attempts",
            ),
        ),
    )


def told(one):
    return [
        f"{message.sender} > {message.receiver} {message.mti} {message.meaning}"
        + "".join(f" {number}={value}" for number, value in message.fields if number in (38, 39))
        for message in one.messages
    ]


APPROVED = ("approved", {"code": "00", "auth_code": "204816"})
TIMEOUT = ("reversal_requested", {"detail": "issuer timeout"})
REQUEST = ["terminal > host 0200 request", "host > issuer 0200 request"]
STORIES = {
    "approved": (
        (APPROVED,),
        [
            *REQUEST,
            "issuer > host 0210 answer 38=204816 39=00",
            "host > terminal 0210 answer 38=204816 39=00",
        ],
    ),
    "link down": (
        (("declined", {"code": "91"}),),
        ["terminal > host 0200 request", "host > terminal 0210 answer 39=91"],
    ),
    "silent issuer, asked first": (
        (
            ("inquired", {"detail": "25"}),
            TIMEOUT,
            ("reversal_repeated", {"detail": "attempt 2"}),
            ("late_answer", {"code": "00", "auth_code": "204817"}),
            ("reversed", {}),
        ),
        [
            *REQUEST,
            "host > issuer 0600 inquiry",
            "issuer > host 0610 inquiry_answer 39=25",
            "host > terminal 0210 answer 39=98",
            "host > issuer 0420 reversal",
            "host > issuer 0420 reversal",
            "issuer > host 0210 late_answer 38=204817 39=00",
            "issuer > host 0430 reversal_answer",
        ],
    ),
    "asked and not found": (
        (
            ("inquired", {"detail": "found nothing (25)"}),
            ("reversal_requested", {"detail": "issuer asked: found nothing (25)"}),
        ),
        [
            *REQUEST,
            "host > issuer 0600 inquiry",
            "issuer > host 0610 inquiry_answer 39=25",
            "host > terminal 0210 answer 39=98",
            "host > issuer 0420 reversal",
        ],
    ),
    "approved late, reversed again": (
        (
            TIMEOUT,
            ("reversed", {}),
            ("late_answer", {"code": "00", "auth_code": "204817"}),
            ("reversal_requested", {}),
        ),
        [
            *REQUEST,
            "host > terminal 0210 answer 39=98",
            "host > issuer 0420 reversal",
            "issuer > host 0430 reversal_answer",
            "issuer > host 0210 late_answer 38=204817 39=00",
            "host > issuer 0420 reversal",
        ],
    ),
    "inquiry without answer": (
        (("inquired", {"detail": "no answer"}), TIMEOUT),
        [
            *REQUEST,
            "host > issuer 0600 inquiry",
            "host > terminal 0210 answer 39=98",
            "host > issuer 0420 reversal",
        ],
    ),
    "found approved by asking": (
        (("inquired", {"detail": "00"}), APPROVED),
        [
            *REQUEST,
            "host > issuer 0600 inquiry",
            "issuer > host 0610 inquiry_answer 39=00",
            "host > terminal 0210 answer 38=204816 39=00",
        ],
    ),
    "unclear answer": (
        (("reversal_requested", {"detail": "issuer answer 10 unclear"}),),
        [
            *REQUEST,
            "issuer > host 0210 answer 39=10",
            "host > terminal 0210 answer 39=98",
            "host > issuer 0420 reversal",
        ],
    ),
    "reversed by the terminal": (
        (APPROVED, ("reversal_requested", {"detail": "terminal 98"}), ("reversed", {})),
        [
            *REQUEST,
            "issuer > host 0210 answer 38=204816 39=00",
            "host > terminal 0210 answer 38=204816 39=00",
            "terminal > host 0400 reversal 39=98",
            "host > terminal 0410 reversal_answer 39=00",
            "host > issuer 0420 reversal",
            "issuer > host 0430 reversal_answer",
        ],
    ),
    "reversal before its original": (
        (
            ("reversal_requested", {"detail": "reversal before original"}),
            ("reversed", {"detail": "reversal before original"}),
        ),
        ["terminal > host 0400 reversal", "host > terminal 0410 reversal_answer 39=00"],
    ),
    "host restart": (
        (("reversal_requested", {"detail": "host restart"}),),
        [*REQUEST, "host > issuer 0420 reversal"],
    ),
    "asked again, signed, card's word": (
        (APPROVED, ("repeated", {"code": "00"}), ("signed", {}), ("script_result", {})),
        [
            *REQUEST,
            "issuer > host 0210 answer 38=204816 39=00",
            "host > terminal 0210 answer 38=204816 39=00",
            "terminal > host 0200 request_again",
            "host > terminal 0210 answer 39=00",
            "terminal > host 0820 signature",
            "host > terminal 0830 signature_answer 39=00",
            "terminal > host 0620 script_result",
            "host > terminal 0630 script_result_answer 39=00",
        ],
    ),
    "an event of a later version": ((("blessed", {}),), REQUEST),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_messages_of_a_payment_are_those_that_its_rows_prove(story):
    events, expected = STORIES[story]
    assert told(payment(*events)) == expected


def test_a_refund_travels_as_an_advice_and_names_its_original():
    refund = payment(
        ("delivery_repeated", {"detail": "issuer timeout"}),
        ("delivery_repeated", {"detail": "attempt 2"}),
        APPROVED,
        ("repeated", {"code": "00"}),
        kind="refund",
        original="000000000000",
    )
    assert [(m.mti, m.meaning) for m in refund.messages] == [
        ("0220", Meaning.REQUEST),
        ("0220", Meaning.REQUEST),
        ("0230", Meaning.ANSWER),
        ("0220", Meaning.REQUEST_AGAIN),
        ("0230", Meaning.ANSWER),
        ("0220", Meaning.REQUEST_AGAIN),
        ("0230", Meaning.ANSWER),
    ]
    assert dict(refund.messages[1].fields)[62] == "000000000000"
    assert [m.is_recorded for m in refund.messages] == [True, False, *[True] * 5]


ADVICES = {
    "told to wait, then delivered": (
        (
            ("inquired", {"detail": "no answer"}),
            ("delivery_repeated", {"detail": "issuer timeout"}),
            ("delivery_repeated", {"detail": "attempt 1"}),
            APPROVED,
            ("repeated", {"code": "00"}),
        ),
        [
            "terminal > host 0220 request",
            "host > issuer 0220 request",
            "host > issuer 0600 inquiry",
            "host > terminal 0230 answer 39=98",
            "host > issuer 0220 request_again",
            "issuer > host 0230 answer 38=204816 39=00",
            "terminal > host 0220 request_again",
            "host > terminal 0230 answer 39=00",
        ],
    ),
    "no link, then repeated by the terminal": (
        (
            ("delivery_repeated", {"detail": "no link to the issuer"}),
            ("delivery_repeated", {"detail": "the terminal repeats it"}),
            APPROVED,
        ),
        [
            "terminal > host 0220 request",
            "host > terminal 0230 answer 39=98",
            "terminal > host 0220 request_again",
            "host > issuer 0220 request_again",
            "issuer > host 0230 answer 38=204816 39=00",
            "host > terminal 0230 answer 38=204816 39=00",
        ],
    ),
    "unclear answer, found by asking": (
        (
            ("delivery_repeated", {"detail": "issuer answer 10 unclear"}),
            ("inquired", {"detail": "found approved (00)"}),
            APPROVED,
        ),
        [
            "terminal > host 0220 request",
            "host > issuer 0220 request",
            "issuer > host 0230 answer 39=10",
            "host > terminal 0230 answer 39=98",
            "host > issuer 0600 inquiry",
            "host > issuer 0600 inquiry",
            "issuer > host 0610 inquiry_answer 39=00",
        ],
    ),
    "after a restart the issuer is asked": (
        (("delivery_repeated", {"detail": "host restart"}),),
        [
            "terminal > host 0220 request",
            "host > issuer 0220 request",
            "host > issuer 0600 inquiry",
        ],
    ),
}


@pytest.mark.parametrize("story", ADVICES)
def test_an_advice_is_delivered_until_it_is_answered(story):
    events, expected = ADVICES[story]
    assert told(payment(*events, kind="refund", original="000000000000")) == expected


def test_what_the_host_refuses_by_itself_never_went_to_the_issuer():
    refused = payment(
        kind="void", events=(TracedEvent(at_us=START_US, kind="declined", code="64"),)
    )
    assert told(refused) == ["terminal > host 0200 request", "host > terminal 0210 answer 39=64"]


def test_the_request_of_a_terminal_is_told_by_its_known_fields():
    first = payment(APPROVED).messages[0]
    assert (first.sender, first.receiver) == (Party.TERMINAL, Party.HOST)
    assert dict(first.fields) == {
        3: "000000",
        4: "000000012345",
        11: "000007",
        22: "021",
        25: "00",
        41: "00000001",
        42: "100000000000001",
        49: "156",
        60: "22000001",
    }


def test_a_trace_is_read_back_as_it_was_written():
    trace = trace_of(payment(APPROVED), payment(TIMEOUT, rrn="000000000002", kind="void"))
    data = write_trace(trace, KEY)
    assert read_trace(data, KEY) == trace
    assert read_trace(data) == trace
    assert [one.status for one in trace.payments] == [Status.APPROVED, Status.IN_DOUBT]
    assert json.loads(data)["content"]["payments"][0]["received_at"] == (
        "2026-11-21T08:33:20.000000Z"
    )


DATA = write_trace(trace_of(payment(APPROVED)), KEY)


@given(st.integers(0, len(DATA) - 1), st.integers(1, 255))
def test_a_changed_byte_is_found_wherever_it_is(place, change):
    changed = bytearray(DATA)
    changed[place] ^= change
    with pytest.raises(TraceError):
        read_trace(bytes(changed), KEY)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data + b"\n",
        lambda data: data[:-1],
        lambda data: data.replace(b'"version": 1', b'"version":1'),
        lambda data: data.replace(b'"sale"', b'"s\\u0061le"'),
        lambda data: data.replace(b'"format"', b'"more": 1, "format"'),
        lambda data: b"[]",
        lambda data: b"[" * 100_000,
        lambda data: b"\xff",
        lambda data: b"0" * 5_000_000,
    ],
)
def test_a_file_has_one_form_only(spoil):
    with pytest.raises(TraceError):
        read_trace(spoil(DATA))


@pytest.mark.parametrize("name", ["content", "sha256", "signature"])
@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [1], "\ud800"])
def test_a_part_of_another_type_is_refused(name, value):
    with pytest.raises(TraceError):
        read_trace(json.dumps({**json.loads(DATA), name: value}).encode())


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=3))
def test_any_value_in_the_place_of_a_payment_is_refused(value):
    document = json.loads(DATA)
    document["content"]["payments"] = value
    with pytest.raises(TraceError):
        read_trace(json.dumps(document).encode())


def test_another_version_is_refused_by_name():
    with pytest.raises(TraceError, match="another version"):
        read_trace(DATA.replace(b'"version": 1', b'"version": 2'))


def test_a_file_signed_with_another_key_is_refused_and_no_key_shows_itself():
    other = TraceKey(bytes(32))
    with pytest.raises(TraceError, match="another key"):
        read_trace(DATA, other)
    assert other.secret.hex() not in repr(other)
    assert KEY.secret.hex() not in DATA.decode()
    with pytest.raises(ValueError, match="32 bytes"):
        TraceKey(b"short")


def test_a_rehashed_forgery_is_stopped_by_the_signature():
    forged = write_trace(trace_of(payment(APPROVED, amount_minor=1)), TraceKey(bytes(32)))
    document = json.loads(forged)
    document["signature"] = json.loads(DATA)["signature"]
    with pytest.raises(TraceError, match="signature does not fit"):
        read_trace(json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n", KEY)


@pytest.mark.parametrize("card", ["6200000000000000128", "620000128", "62000012*****0128"])
def test_a_payment_with_an_open_card_number_cannot_be_made(card):
    with pytest.raises(ValueError, match="masked"):
        payment(card=card)


@pytest.mark.parametrize("text", ["card 6200000000000000003", "6200 0000 0000 0005"])
def test_a_text_with_a_card_number_cannot_be_made(text):
    digits = "".join(filter(str.isdigit, text))[:-1]
    text = next(text[:-1] + last for last in "0123456789" if looks_like_card(text[:-1] + last))
    assert digits in "".join(filter(str.isdigit, text))
    with pytest.raises(ValueError, match="card number"):
        TracedEvent(at_us=1, kind="approved", detail=text)
    with pytest.raises(ValueError, match="card number"):
        TracedException(kind="x", rrn="", opened_at_us=1, closed_at_us=None, detail=text)
    with pytest.raises(ValueError, match="F37"):
        message(37, text)


@pytest.mark.parametrize("number", [35, 52, 55])
def test_a_message_cannot_hold_a_track_a_pin_block_or_chip_data(number):
    with pytest.raises(ValueError, match=f"F{number}"):
        message(number, "1")


def message(number, value):
    return TracedMessage(
        at_us=1,
        is_recorded=True,
        sender=Party.HOST,
        receiver=Party.ISSUER,
        mti="0200",
        meaning=Meaning.REQUEST,
        fields=((number, value),),
    )


def test_a_trace_must_hold_its_subject():
    with pytest.raises(ValueError, match="about"):
        Trace(subject="x", made_at_us=0, is_sandbox=True, software="", payments=())
