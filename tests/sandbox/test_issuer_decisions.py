"""Every answer of the issuer, in the order in which its checks count."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN, Acquirer, Issuer, rrn
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.domain.secrets import KeyBytes, Pin
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.issuer.core.events import Refused, Reply

UNKNOWN_TRACK = "6200000000000009993=49122200000"


def test_an_approval_carries_these_fields_and_no_card_data(issuer):
    (reply,) = issuer.run(issuer.acquirer.sale(7, fen=1234))
    assert reply.connection == 1
    assert reply.delay_ms == 0
    assert issuer.acquirer.read(reply.body) == (
        "0210",
        {
            3: "000000",
            4: "000000001234",
            7: "1121020000",
            11: "000007",
            15: "1121",
            37: "R00000000007",
            38: "000001",
            39: "00",
            41: "00000001",
            42: "100000000000001",
            49: "156",
        },
    )


def test_authorisation_codes_count_approvals_only(issuer):
    codes = []
    for number, pin in ((1, RIGHT_PIN), (2, WRONG_PIN), (3, RIGHT_PIN)):
        (reply,) = issuer.run(issuer.acquirer.sale(number, pin=pin))
        codes.append(issuer.acquirer.read(reply.body)[1].get(38))
    assert codes == ["000001", None, "000002"]


@pytest.mark.parametrize(
    ("card", "pin", "fen", "code"),
    [
        ("good", RIGHT_PIN, 5_000_000, "00"),
        ("good", RIGHT_PIN, 5_000_001, "51"),
        ("second", RIGHT_PIN, 1, "00"),
        ("no_funds", RIGHT_PIN, 1, "00"),
        ("no_funds", RIGHT_PIN, 2, "51"),
        ("limit", RIGHT_PIN, 10_000, "00"),
        ("limit", RIGHT_PIN, 10_001, "61"),
        ("expired", RIGHT_PIN, 1, "54"),
        ("lost", RIGHT_PIN, 1, "41"),
        ("pin_locked", RIGHT_PIN, 1, "75"),
        ("late", RIGHT_PIN, 1, "00"),
        ("good", WRONG_PIN, 1, "55"),
        ("good", None, 1, "55"),
        ("good", RIGHT_PIN, 0, "13"),
    ],
)
def test_each_card_gets_its_answer(issuer, card, pin, fen, code):
    assert issuer.ask(issuer.acquirer.sale(1, card, pin, fen)) == code


def test_a_card_that_is_not_on_file_is_14(issuer):
    assert issuer.ask(issuer.acquirer.sale(1, track=UNKNOWN_TRACK)) == "14"


@pytest.mark.parametrize(
    ("card", "pin", "fen", "code"),
    [
        # Two things wrong at once: the one named first in the fixed order is the answer.
        ("lost", WRONG_PIN, 0, "13"),
        ("lost", WRONG_PIN, 9_000_000, "41"),
        ("expired", WRONG_PIN, 9_000_000, "54"),
        ("pin_locked", WRONG_PIN, 9_000_000, "75"),
        ("limit", WRONG_PIN, 9_000_000, "55"),
        ("limit", RIGHT_PIN, 9_000_000, "61"),
    ],
)
def test_the_first_failing_check_counts(issuer, card, pin, fen, code):
    assert issuer.ask(issuer.acquirer.sale(1, card, pin, fen)) == code


def test_the_month_of_expiry_still_counts_as_valid(issuer):
    card = issuer.state.cards
    token = next(token for token, known in card.items() if known.card_id == "good")
    card[token] = replace(card[token], expiry="2611")
    assert issuer.ask(issuer.acquirer.sale(1)) == "00"
    card[token] = replace(card[token], expiry="2610")
    assert issuer.ask(issuer.acquirer.sale(2)) == "54"


def test_the_day_changes_at_midnight_in_china(issuer):
    token = next(token for token, card in issuer.state.cards.items() if card.card_id == "good")
    issuer.state.cards[token] = replace(issuer.state.cards[token], expiry="2611")
    issuer.now = issuer.now.plus_ms(((9 * 24) + 14) * 3_600_000)
    assert issuer.now.local().isoformat() == "2026-12-01T00:00:00+08:00"
    assert issuer.ask(issuer.acquirer.sale(1)) == "54"
    issuer.now = issuer.now.plus_ms(-1)
    assert issuer.ask(issuer.acquirer.sale(2)) == "00"


def test_three_wrong_pins_lock_the_card_even_for_the_right_one(issuer):
    tries = [WRONG_PIN, WRONG_PIN, WRONG_PIN, RIGHT_PIN, WRONG_PIN]
    answers = [
        issuer.ask(issuer.acquirer.sale(number, pin=pin)) for number, pin in enumerate(tries, 1)
    ]
    assert answers == ["55", "55", "55", "75", "75"]


def test_a_right_pin_forgets_the_wrong_ones_before_it(issuer):
    tries = [WRONG_PIN, WRONG_PIN, RIGHT_PIN, WRONG_PIN, WRONG_PIN, RIGHT_PIN]
    answers = [
        issuer.ask(issuer.acquirer.sale(number, pin=pin)) for number, pin in enumerate(tries, 1)
    ]
    assert answers == ["55", "55", "00", "55", "55", "00"]


def test_wrong_pins_of_one_card_do_not_count_for_another(issuer):
    for number in (1, 2, 3):
        issuer.ask(issuer.acquirer.sale(number, "good", WRONG_PIN))
    assert issuer.ask(issuer.acquirer.sale(4, "second")) == "00"


def test_wrong_pins_in_one_group_are_counted_one_by_one(issuer):
    bodies = [issuer.acquirer.sale(number, pin=WRONG_PIN) for number in range(1, 6)]
    answers = [issuer.acquirer.read(reply.body)[1][39] for reply in issuer.run(*bodies)]
    assert answers == ["55", "55", "55", "75", "75"]


def test_counted_pin_tries_survive_a_restart(tmp_path):
    path = tmp_path / "issuer.sqlite3"
    for number in (1, 2, 3):
        issuer = Issuer(path)
        assert issuer.ask(issuer.acquirer.sale(number, pin=WRONG_PIN)) == "55"
        issuer.close()
    issuer = Issuer(path)
    assert issuer.ask(issuer.acquirer.sale(4, pin=RIGHT_PIN)) == "75"
    issuer.close()


def test_a_missing_pin_is_no_guess_and_is_not_counted(issuer):
    for number in range(1, 6):
        assert issuer.ask(issuer.acquirer.sale(number, pin=None)) == "55"
    assert issuer.ask(issuer.acquirer.sale(6)) == "00"


def test_a_pin_block_under_another_key_is_99_and_is_not_counted(issuer):
    other = Acquirer()
    other.keys.import_key(KeyName("zpk"), KeyBytes(b"\x66" * 16), KeyAlgorithm.TDES)
    block = other.keys.encrypt_pin(KeyName("zpk"), Pin(RIGHT_PIN), CARD_BY_ID["good"].pan)
    from tongbao.domain.secrets import Purpose

    for number in range(1, 6):
        body = issuer.acquirer.sale(number, change={52: block.reveal(Purpose.TEST)})
        assert issuer.ask(body) == "99"
    assert issuer.ask(issuer.acquirer.sale(6)) == "00"


def test_another_currency_is_an_invalid_transaction(issuer):
    assert issuer.ask(issuer.acquirer.sale(1, change={49: "840"})) == "12"


def test_a_currency_nobody_knows_is_a_format_error(issuer):
    refused, reply = issuer.run(issuer.acquirer.sale(1, change={49: "998"}))
    assert refused == Refused(1, "F49 at byte 0: currency number is not one we hold", hang_up=False)
    assert issuer.acquirer.read(reply.body)[1][39] == "30"


def test_another_transaction_type_is_not_supported(issuer):
    assert issuer.ask(issuer.acquirer.sale(1, change={3: "170000"})) == "40"


def test_a_missing_field_is_a_format_error_that_keeps_nothing(issuer):
    refused, reply = issuer.run(issuer.acquirer.sale(1, change={35: None}))
    assert refused.reason == "F35 at byte 0: absent"
    assert issuer.acquirer.read(reply.body)[1][39] == "30"
    assert issuer.store.recall([rrn(1).value]) == {}


def test_a_wrong_mac_is_answered_a0_and_keeps_nothing(issuer):
    body = issuer.acquirer.sale(1)
    for position in (-1, 12, 30):
        forged = bytearray(body)
        forged[position] ^= 1
        refused, reply = issuer.run(bytes(forged))
        assert refused == Refused(1, "wrong MAC", hang_up=False)
        assert issuer.acquirer.read(reply.body)[1][39] == "A0"
    assert issuer.store.recall([rrn(1).value]) == {}
    assert issuer.state.balances["good"] == 5_000_000
    assert issuer.ask(body) == "00"


def test_a_field_behind_the_place_of_the_mac_is_left_out_of_the_answer(issuer):
    # F70 in an 0200: the answer could not be signed and the error escaped.
    echo = issuer.acquirer.management("301")
    refused, reply = issuer.run(bytes.fromhex("0200") + echo[2:])
    assert refused == Refused(1, "wrong MAC", hang_up=False)
    fields = {7: "1121020000", 11: "000001", 39: "A0"}
    assert issuer.acquirer.read(reply.body) == ("0210", fields)


def test_a_message_without_a_mac_is_answered_a0(issuer):
    from tongbao.wire.network.dialect import NETWORK

    message = NETWORK.decode(issuer.acquirer.sale(1))
    del message.fields[64]
    refused, reply = issuer.run(NETWORK.encode(message))
    assert refused.reason == "wrong MAC"
    assert issuer.acquirer.read(reply.body)[1][39] == "A0"


@pytest.mark.parametrize("body", [b"\x02\x00", b"\x02\x00" + b"\xff" * 8, b"\x00" * 40])
def test_bytes_that_are_no_message_end_the_connection(issuer, body):
    (refused,) = issuer.run(body)
    assert isinstance(refused, Refused)
    assert refused.hang_up


def test_a_message_of_another_type_is_ignored(issuer):
    from tongbao.wire.network.dialect import NETWORK

    message = NETWORK.decode(issuer.acquirer.sale(1))
    message.mti = "0300"
    assert issuer.run(NETWORK.encode(message)) == [Refused(1, "message type 0300", hang_up=False)]


@pytest.mark.parametrize("code", ["001", "301"])
def test_sign_on_and_echo_are_answered(issuer, code):
    (reply,) = issuer.run(issuer.acquirer.management(code))
    assert issuer.acquirer.read(reply.body) == (
        "0810",
        {7: "1121020000", 11: "000001", 39: "00", 70: code},
    )


def test_a_late_card_is_booked_at_once_and_answered_after_the_delay(issuer):
    (reply,) = issuer.run(issuer.acquirer.sale(1, "late", fen=100))
    assert isinstance(reply, Reply)
    assert reply.delay_ms == 5_000
    assert issuer.acquirer.read(reply.body)[1][39] == "00"
    assert issuer.state.balances["late"] == 500_000 - 100


def test_a_silent_card_is_booked_and_its_sale_never_answered(issuer):
    assert issuer.run(issuer.acquirer.sale(1, "silent", fen=100)) == []
    assert issuer.state.balances["silent"] == 500_000 - 100
    assert issuer.run(issuer.acquirer.sale(1, "silent", fen=100)) == []
    assert issuer.ask(issuer.acquirer.reversal(1, fen=100)) == "00"
    assert issuer.state.balances["silent"] == 500_000
