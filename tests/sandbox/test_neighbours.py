"""Phones, bank, name lists and made-up people of the sandbox, over its web interface."""

import urllib.parse
import urllib.request

import pytest
from stdnum import luhn
from stdnum.cn import ric, uscc

from tests.sandbox.running import fetch, sandbox_part
from tongbao.sandbox.neighbours.applicants import (
    APPLICANTS,
    LISTED_NAMES,
    OPENING_ACCOUNTS,
    UNKNOWN_NUMBER,
)
from tongbao.sandbox.neighbours.places import place_of
from tongbao.sandbox.neighbours.store import MESSAGES_MAX, NeighbourStore, listed

COMPANY, TRADER, PERSON = APPLICANTS


@pytest.fixture(scope="module")
def part(tmp_path_factory):
    part = sandbox_part(tmp_path_factory.mktemp("sandbox"))
    part.start()
    yield part
    part.stop()


@pytest.fixture
def store(tmp_path):
    store = NeighbourStore.open(tmp_path / "neighbours.sqlite3")
    yield store
    store.close()


def ask(part, path, **body):
    status, _, answer = fetch(part, path, method="POST", body=body)
    return status, answer


def test_a_message_appears_on_the_page_of_its_phone_with_its_code_large(part):
    text = "【通宝】<b>验证码 483920，10 分钟内有效"
    assert ask(part, "/gateway/sms", to="+8619900001001", text=text) == (200, {"ok": True})
    ask(part, "/gateway/sms", to="+8619900001002", text="no code here")
    _, headers, page = fetch(part, "/phones")
    assert '<p class="code">483920</p>' in page
    assert "&lt;b&gt;" in page
    assert page.index("no code here") < page.index("483920")
    assert "default-src 'none'" in headers["content-security-policy"]
    _, _, one = fetch(part, "/phones?number=%2B8619900001002")
    assert "no code here" in one
    assert "483920" not in one


def test_a_letter_lies_in_its_mailbox_with_its_code_large(part):
    letter = {"to": "Lilei@Example.com", "subject": "<i>Hello", "text": "483921 is yours.\nTongbao"}
    assert ask(part, "/gateway/mail", **letter) == (200, {"ok": True})
    ask(part, "/gateway/mail", to="han@example.com", subject="Other", text="no code here")
    _, _, page = fetch(part, "/mail")
    assert page.index("no code here") < page.index('<p class="code">483921</p>')
    assert "&lt;i&gt;Hello" in page
    _, _, one = fetch(part, "/mail?mailbox=lilei%40example.com")
    assert "483921" in one
    assert "no code here" not in one
    assert ask(part, "/gateway/mail", to="a@example.com", subject="x")[0] == 400


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("192.0.2.7", {"zh": "北京", "en": "Beijing"}),
        ("2001:db8::1", {"zh": "广州", "en": "Guangzhou"}),
        ("127.0.0.1", None),
        ("nonsense", None),
    ],
)
def test_only_the_addresses_for_documents_have_a_town(address, place):
    assert place_of(address) == place


@pytest.mark.parametrize(
    ("holder", "number", "verdict"),
    [
        (COMPANY.account_holder, COMPANY.account_number, "match"),
        ("别的公司", COMPANY.account_number, "name_mismatch"),
        (PERSON.person, OPENING_ACCOUNTS[-1].number, "closed"),
        (PERSON.person, UNKNOWN_NUMBER, "unknown_account"),
    ],
)
def test_the_bank_says_what_it_knows_of_a_name_and_a_number(part, holder, number, verdict):
    assert ask(part, "/bank/verify", holder=holder, number=number) == (200, {"verdict": verdict})


def test_one_fen_is_booked_once_a_reference_and_shown_with_its_remark(part):
    body = {"holder": PERSON.person, "number": PERSON.account_number, "reference": "deposit_1"}
    first = ask(part, "/bank/one-fen", remark="204816", **body)
    again = ask(part, "/bank/one-fen", remark="999999", **body)
    assert first == again
    assert first[0] == 200
    _, _, page = fetch(part, "/bank")
    assert page.count('<span class="remark">204816</span>') == 1
    assert "999999" not in page
    assert "+0.01 元" in page


def test_a_closed_or_unknown_account_takes_no_money(part):
    for number in (OPENING_ACCOUNTS[-1].number, UNKNOWN_NUMBER):
        status, _ = ask(
            part, "/bank/one-fen", holder="x", number=number, remark="1", reference=number
        )
        assert status == 409


def test_an_account_can_be_opened_on_the_page_and_then_matches(part):
    form = urllib.parse.urlencode({"holder": "王样板", "kind": "personal"}).encode()
    address = f"http://{part.ready['http']}/bank/accounts"
    with urllib.request.urlopen(address, form, timeout=10) as answer:
        page = answer.read().decode()
    number = page.split("<strong>王样板</strong> ")[1].split()[0]
    assert luhn.is_valid(number)
    assert ask(part, "/bank/verify", holder="王样板", number=number)[1] == {"verdict": "match"}


@pytest.mark.parametrize("path", ["/gateway/sms", "/bank/verify", "/bank/one-fen"])
def test_a_malformed_question_is_told_what_is_missing(part, path):
    status, answer = ask(part, path, nothing="x")
    assert status == 400
    assert "the request has no text" in answer["error"]


def test_another_web_site_reads_no_message_and_moves_no_money(part):
    for path, method in (("/phones", "GET"), ("/bank", "GET"), ("/gateway/sms", "POST")):
        status, _, answer = fetch(
            part, path, method=method, body={}, headers={"origin": "http://evil.example"}
        )
        assert status == 403
        assert "messages" not in answer


def test_listed_names_are_found_also_when_one_letter_differs():
    assert listed(LISTED_NAMES[0])[0]["likeness_percent"] == 100
    assert listed("样板市虚构贸易有限公词")[0]["listed_name"] == LISTED_NAMES[1]
    assert listed(PERSON.person) == []


def test_the_made_up_people_have_right_check_digits_and_papers_to_upload(part):
    for one in APPLICANTS:
        assert ric.is_valid(one.resident_id)
        assert not one.credit_code or uscc.is_valid(one.credit_code)
        assert one.account_kind == "corporate" or luhn.is_valid(one.account_number)
    _, _, page = fetch(part, "/people")
    assert page.count("<article>") == 3
    address = f"http://{part.ready['http']}/people/{COMPANY.key}/licence.png"
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read().startswith(b"\x89PNG")
    status, _, _ = fetch(part, "/people/nobody/licence.png")
    assert status == 404


def test_only_the_newest_messages_are_kept(store):
    for number in range(MESSAGES_MAX + 5):
        store.keep_message(number, "+86", str(number))
    kept = store.messages()
    assert len(kept) == MESSAGES_MAX
    assert kept[0].body == str(MESSAGES_MAX + 4)


def test_the_books_survive_a_restart(tmp_path):
    file = tmp_path / "neighbours.sqlite3"
    first = NeighbourStore.open(file)
    number = first.open_account("样板公司", "corporate")
    first.close()
    second = NeighbourStore.open(file)
    assert second.verify("样板公司", number) == "match"
    second.close()
