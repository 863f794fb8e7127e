"""The sandbox's web interface: what it shows, whom it answers, where it swipes."""

from __future__ import annotations

import http.client
import socket
import threading

import pytest

from tests.sandbox.running import Wire, fetch, sandbox_part
from tongbao.domain.secrets import Purpose
from tongbao.sandbox.cards import CARD_BY_ID


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    part = sandbox_part(tmp_path_factory.mktemp("sandbox"))
    part.start()
    yield part
    part.stop()


@pytest.fixture
def reader():
    """A reader on a loopback port that takes one card and answers as told."""
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(10)
    taken = []

    def serve(answer):
        connection, _ = server.accept()
        with connection:
            taken.append(connection.makefile("rb").readline())
            connection.sendall(answer)

    class Reader:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        lines = taken
        thread = None

        def answer(self, answer):
            self.thread = threading.Thread(target=serve, args=(answer,))
            self.thread.start()

    reader = Reader()
    yield reader
    if reader.thread:
        reader.thread.join(10)
    server.close()


def swipe(part, reader, card="good"):
    return fetch(part, f"/drawer/{card}/swipe", method="POST", body={"reader": reader})


def test_the_drawer_lists_ten_cards_with_masked_numbers(part):
    status, headers, drawer = fetch(part, "/drawer")
    assert status == 200
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert [card["masked"] for card in drawer["cards"]] == [
        *(f"620000*********00{digits}" for digits in (18, 26, 34, 42, 59, 67, 75, 83, 91)),
        "620000*********0101",
    ]


def test_a_swipe_writes_one_line_of_track_2_to_the_reader(part, reader):
    reader.answer(b"ok\n")
    assert swipe(part, reader.address)[::2] == (200, {"ok": True, "error": None})
    track = CARD_BY_ID["good"].track2.reveal(Purpose.TEST)
    assert reader.lines == [f";{track}?\n".encode()]


def test_a_swipe_that_the_reader_refuses_is_409_with_its_reason(part, reader):
    reader.answer(b"refused: no sale is waiting for a card\n")
    status, _, answer = swipe(part, reader.address)
    assert status == 409
    assert answer == {
        "ok": False,
        "error": {
            "code": "reader_refused",
            "zh": "终端现在不接受刷卡",
            "en": "no sale is waiting for a card",
        },
    }


def test_a_swipe_where_nobody_listens_is_502(part):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    status, _, answer = swipe(part, f"127.0.0.1:{port}")
    assert (status, answer["error"]["code"]) == (502, "no_reader")


@pytest.mark.parametrize(
    "address", ["10.0.0.1:80", "192.168.1.7:80", "example.com:80", "localhost:80", "x", "", 5, None]
)
def test_a_reader_that_is_not_on_this_computer_is_refused(part, address):
    status, _, answer = swipe(part, address)
    assert (status, answer["error"]["code"]) == (400, "bad_reader")


@pytest.mark.parametrize("body", [b"", b"not json", b"[]", b"{}", b"x" * 2_000])
def test_a_swipe_without_a_proper_request_is_refused(part, body):
    connection = http.client.HTTPConnection(part.ready["http"], timeout=10)
    connection.request("POST", "/drawer/good/swipe", body=body)
    answer = connection.getresponse()
    assert answer.status == 400
    answer.read()
    connection.close()


def test_a_card_that_is_not_in_the_drawer_is_404(part):
    status, _, answer = swipe(part, "127.0.0.1:9", card="platinum")
    assert (status, answer["error"]["code"]) == (404, "no_such_card")


def test_the_front_of_a_card_is_for_the_person_who_keys_it_in(part):
    status, headers, answer = fetch(part, "/drawer/foreign/front")
    assert (status, set(answer), answer["expiry"]) == (200, {"pan", "expiry"}, "4912")
    assert answer["pan"].startswith("62000099")
    assert headers["cache-control"] == "no-store"
    status, _, answer = fetch(part, "/drawer/platinum/front")
    assert (status, answer["error"]["code"]) == (404, "no_such_card")


def test_a_swipe_needs_a_post(part):
    assert fetch(part, "/drawer/good/swipe")[0] == 405


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8601", "http://localhost:5173", "https://[::1]:8601"]
)
def test_a_page_from_this_computer_may_read_and_swipe(part, origin):
    status, headers, _ = fetch(part, "/drawer", headers={"Origin": origin})
    assert status == 200
    assert headers["access-control-allow-origin"] == origin
    preflight = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    status, headers, _ = fetch(part, "/drawer/good/swipe", method="OPTIONS", headers=preflight)
    assert status == 200
    assert headers["access-control-allow-origin"] == origin
    assert "POST" in headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com:80",
        "http://10.0.0.1",
        "null",
    ],
)
@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/drawer", "GET"),
        ("/book", "GET"),
        ("/drawer/good/swipe", "POST"),
        ("/drawer/good/front", "GET"),
        ("/book", "OPTIONS"),
    ],
)
def test_a_page_from_elsewhere_is_refused_and_learns_nothing(part, reader, origin, path, method):
    body = {"reader": reader.address} if method == "POST" else None
    headers = {"Origin": origin, "Content-Type": "text/plain"}
    status, headers, answer = fetch(part, path, method=method, body=body, headers=headers)
    assert status == 403
    assert "access-control-allow-origin" not in headers
    assert answer == {
        "ok": False,
        "error": {"code": "foreign", "zh": "只接受本机访问", "en": "this computer only"},
    }
    assert reader.lines == []


def test_a_foreign_name_for_this_computer_is_refused(part):
    status, _, _ = fetch(part, "/book", headers={"Host": "rebound.example.com"})
    assert status == 403


def test_the_book_shows_a_sale_at_once(part):
    _, _, before = fetch(part, "/book")
    with Wire(part) as wire:
        wire.send(wire.acquirer.sale(77, fen=123))
        assert wire.read()[39] == "00"
    _, _, after = fetch(part, "/book")
    assert after["payments"][0]["stan"] == 77
    balances = [
        next(a for a in book["accounts"] if a["account_id"] == "good") for book in (before, after)
    ]
    assert balances[0]["balance_minor"] - balances[1]["balance_minor"] == 123
    assert after["checks"]["ok"]


def test_the_book_page_is_plain_html_under_a_strict_policy(part):
    status, headers, page = fetch(part, "/")
    assert status == 200
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "账平 The book balances" in page
    assert "<td>小梅的借记卡 <small>Mei&#x27;s debit card</small></td>" in page
    assert "620000*********0018" in page
    assert "<script" not in page
