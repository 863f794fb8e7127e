"""Nothing that the sandbox writes or says ever holds a card number, a stripe or a PIN."""

from __future__ import annotations

import base64
import json

import pytest

from tests.sandbox.acquirer import RIGHT_PIN, WRONG_PIN
from tests.sandbox.running import Wire, every_byte_below, fetch
from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import DRAWER

STRANGER = "6200000000000009993"


def forms(digits):
    """The ways in which digits may hide in bytes."""
    text = digits.encode()
    even = digits if len(digits) % 2 == 0 else digits + "0"
    packed = bytes.fromhex(even)
    return {text, text[::-1], packed, packed[:-1], text.hex().encode(), base64.b64encode(text)[:-4]}


def test_no_file_log_or_page_holds_a_canary(tmp_path, make_part):
    part = make_part(tmp_path)
    part.start()
    with Wire(part) as wire:
        for number, card in enumerate(DRAWER, 1):
            pin = WRONG_PIN if number % 2 else RIGHT_PIN
            wire.send(wire.acquirer.sale(number, card.card_id, pin))
            if card.card_id != "silent":
                assert len(wire.read()[39]) == 2
        wire.send(wire.acquirer.sale(100, track=f"{STRANGER}=49122200000000"))
        assert wire.read()[39] == "14"
        wire.send(wire.acquirer.sale(101, change={11: "000000"}))
        assert wire.read()[39] == "30"
        wire.send(wire.acquirer.reversal(1))
        assert wire.read()[39] == "00"
    with Wire(part) as wire:
        # A message that cannot be read, with a card number in the open.
        wire.send(b"\x02\x00" + b"\x40" + bytes(7) + b"\x19" + bytes.fromhex(STRANGER + "A"))
        assert wire.read()[39] == "A0"
        wire.send(b"\x02\x00" + b"\x40" + bytes(6) + b"\x01\x19" + bytes.fromhex(STRANGER + "A"))
        with pytest.raises((EOFError, ConnectionResetError)):
            wire.read()
    _, _, drawer = fetch(part, "/drawer")
    _, _, book = fetch(part, "/book")
    part.kill()

    pages = {"/book": json.dumps(book).encode()}
    # The drawer shows its PINs to the person who plays the card holder; nothing else.
    for card in drawer["cards"]:
        assert card.pop("pin_hint") == RIGHT_PIN
    pages["/drawer"] = json.dumps(drawer).encode()
    written = every_byte_below(tmp_path)
    assert any(path.endswith("issuer.sqlite3-wal") for path in written)
    numbers = [card.pan.reveal(Purpose.TEST) for card in DRAWER] + [STRANGER]
    tracks = [card.track2.reveal(Purpose.TEST).replace("=", "D") for card in DRAWER]
    for place, content in {**written, **pages}.items():
        for canary in [*numbers, RIGHT_PIN, WRONG_PIN]:
            # A PIN packed into three bytes would be found by chance.
            wanted = forms(canary) if len(canary) > 12 else {canary.encode()}
            for form in wanted:
                assert form not in content, f"{place} holds a canary"
        for track in tracks:
            assert track.encode() not in content
            assert track.replace("D", "=").encode() not in content
