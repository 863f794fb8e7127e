"""Activation by telephone: the menu as a table, the signed webhook, and no leak in between."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platform.conftest import browser_of
from tests.platform.fleet.conftest import device, shipped
from tests.platform.fleet.stage import Machine
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.clock import now_us
from tongbao.platform.fleet import ivr
from tongbao.platform.fleet.ivr import PROMPTS, Call, Place
from tongbao.platform.sealing import DataKey
from tongbao.sandbox.telephone import signature
from tongbao.sandbox.telephone_page import PAGE

KEY = bytes(32)


def test_the_menu_leads_from_the_language_to_the_confirmation():
    call = ivr.begin().call
    for digits in ("2", "26110001", "10000001", "12345678"):
        step = ivr.typed(call, digits)
        call = step.call
    assert step.says[0].en == (
        "Terminal 1 0 0 0 0 0 0 1, code 1 2 3 4 5 6 7 8. Press 1 to confirm, 2 to start again."
    )
    assert ivr.typed(call, "1").confirms
    assert ivr.typed(call, "2").call.place is Place.SERIAL


def test_three_mistakes_end_the_call():
    call = ivr.begin().call
    for _ in range(3):
        step = ivr.typed(call, "9")
        call = step.call
    assert (step.expect, step.says, call.place) == (None, (PROMPTS["goodbye"],), Place.ENDED)


@given(st.lists(st.text("0123456789#x", max_size=12), max_size=12))
def test_no_input_breaks_the_menu_and_it_ends_or_expects_something(inputs):
    call = ivr.begin().call
    for digits in inputs:
        step = ivr.typed(call, digits)
        assert step.confirms or step.says
        assert step.confirms or (step.expect is None) == (step.call.place is Place.ENDED)
        call = step.call


def test_a_kept_call_holds_no_code():
    call = Call(place=Place.CONFIRM, code="12345678", terminal_id="10000001")
    assert "12345678" not in json.dumps(call.as_json())
    assert Call.from_json(call.as_json(), "12345678") == call


@pytest.fixture
def telephone(room):
    from django.test import override_settings

    with override_settings(TONGBAO_IVR_KEY=KeyBytes(KEY), TONGBAO_DATA_KEY=DataKey(KeyBytes(KEY))):
        yield Telephone()


class Telephone:
    def __init__(self):
        self.browser = browser_of()

    def send(self, key=KEY, at_ms=None, **body):
        content = json.dumps(body).encode()
        at_ms = now_us() // 1000 if at_ms is None else at_ms
        answer = self.browser.post(
            "/ivr/v1/call",
            content,
            content_type="application/json",
            headers={"Tongbao-Telephone-Signature": signature(key, at_ms, content)},
        )
        return answer.status_code, answer.json()

    def call(self, *inputs, caller="19900001234"):
        status, said = self.send(call_id="c1", event="begin", caller=caller)
        for digits in inputs:
            assert status == 200
            status, said = self.send(call_id="c1", event="digits", digits=digits)
        return [one["text"] for one in said["says"]], said["expect"]


def code_on_the_screen():
    from tongbao.platform.fleet import invitations

    machine = Machine()
    answer = invitations.hello(machine.actor, machine.hello(), now_us=now_us())
    return answer.invitation.code


def test_a_call_from_the_registered_telephone_activates(telephone):
    terminal = shipped().terminal_id
    code = code_on_the_screen()
    says, expect = telephone.call("1", "26110001", terminal, code, "1")
    assert (says, expect) == ([PROMPTS["done"].zh], None)
    row = device().activations.get()
    assert (row.state, row.method, row.confirmed_by_name) == (
        "confirmed",
        "phone",
        "telephone …1234",
    )


def test_a_call_from_another_telephone_ends_at_once(telephone):
    shipped()
    says, expect = telephone.call(caller="19900009999")
    assert (says[2:], expect) == ([*PROMPTS["unknown_caller"]], None)


def test_a_wrong_code_may_be_typed_again_and_is_in_words(telephone):
    terminal = shipped().terminal_id
    code = code_on_the_screen()
    wrong = f"{(int(code) + 1) % 10**8:08d}"
    says, expect = telephone.call("2", "26110001", terminal, wrong, "1")
    assert says[0].startswith("The code is not the one on the terminal's screen.")
    assert expect["digits_max"] == 8
    assert device().state == "shipped"
    telephone.send(call_id="c1", event="digits", digits=code)
    _, said = telephone.send(call_id="c1", event="digits", digits="1")
    assert said["says"][0]["text"] == PROMPTS["done"].en


def test_the_code_is_sealed_while_the_call_waits_for_its_confirmation(telephone, django_sqlite):
    from tongbao.platform.fleet.models import IvrCall

    terminal = shipped().terminal_id
    code = code_on_the_screen()
    telephone.call("1", "26110001", terminal, code)
    assert code not in json.dumps(IvrCall.objects.get().state)


@pytest.mark.parametrize(
    "changes", [{"key": b"x" * 32}, {"at_ms": 1}], ids=["another key", "an old signature"]
)
def test_who_is_not_the_telephone_provider_is_refused(telephone, changes):
    from tongbao.platform.fleet.models import IvrCall

    status, answer = telephone.send(call_id="c1", event="begin", caller="1", **changes)
    assert (status, answer) == (401, {"error": "signature_wrong"})
    assert IvrCall.objects.count() == 0


@pytest.mark.parametrize(
    "body", [{}, {"call_id": "?", "event": "begin"}, {"call_id": "a", "event": "x"}]
)
def test_a_malformed_step_is_refused(telephone, body):
    assert telephone.send(**body)[0] == 400


def test_a_call_that_ended_takes_no_more(telephone):
    shipped()
    telephone.call("1")
    assert telephone.send(call_id="c1", event="hang_up")[0] == 200
    assert telephone.send(call_id="c1", event="digits", digits="1")[0] == 409


def test_the_sandboxs_telephone_has_every_key_and_speaks():
    assert all(f'data-key="{key}"' in PAGE for key in "0123456789*#")
    assert "speechSynthesis" in PAGE
