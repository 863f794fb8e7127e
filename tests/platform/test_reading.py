"""Reading papers by machine: what is taken from lines, and what happens when reading fails."""

import sys

import pytest

from tests.platform.onboarding.applicants import card_number, credit_code, resident_id
from tongbao.platform.providers.documents_process import ProcessReading
from tongbao.platform.providers.ocr_fields import fields_from
from tongbao.platform.providers.ports import ReadingOutcome

# Lines as the engine gives them for the sandbox's specimens: labels and values run together.
LICENCE = [
    "营业执照",
    f"统一社会信用代码 {credit_code()}",
    "名称样板市晨光商贸有限公司",
    "法定代表人：林晓晨",
    "成立日期2019年05月01日",
    "营业期限长期",
]


def test_a_licence_gives_code_name_person_and_dates():
    assert fields_from("licence", LICENCE) == {
        "registered_name": "样板市晨光商贸有限公司",
        "legal_person": "林晓晨",
        "credit_code": credit_code(),
        "licence_begins": "2019-05-01",
        "licence_expires": "no_end",
    }


def test_both_sides_of_an_identity_card_and_a_bank_card_are_read():
    number = resident_id()
    assert fields_from("id_front", ["姓名 陈阿明", f"公民身份号码{number}"]) == {
        "legal_person": "陈阿明",
        "resident_id": number,
    }
    assert fields_from("id_back", ["有效期限 2020.03.10-2040.03.10"]) == {
        "id_begins": "2020-03-10",
        "id_expires": "2040-03-10",
    }
    assert fields_from("id_back", ["有效期限2020.3.10-长期"])["id_expires"] == "no_end"
    card = card_number()
    spaced = f"{card[:4]} {card[4:8]} {card[8:12]} {card[12:]}"
    assert fields_from("bank_card", ["样板银行", spaced]) == {"account_number": card}


def test_a_number_whose_check_digit_is_wrong_is_left_to_a_person():
    wrong = credit_code()[:-1] + ("0" if credit_code()[-1] != "0" else "1")
    assert "credit_code" not in fields_from("licence", [f"统一社会信用代码{wrong}"])
    assert fields_from("bank_card", ["6200 0000 0000 0001"]) == {}
    assert fields_from("shop_front", LICENCE) == {}


def reading(source, timeout_s=20.0):
    command = (sys.executable, "-c", source)
    return ProcessReading(command=command, is_installed=True, timeout_s=timeout_s)


def test_what_the_process_answers_is_passed_on():
    source = """
import json, sys
asked = json.load(sys.stdin)
print(json.dumps({"outcome": "read", "values": {"legal_person": asked["kind"]}}))
"""
    read = reading(source).read("licence", b"picture")
    assert read.outcome is ReadingOutcome.READ
    assert read.values == {"legal_person": "licence"}


@pytest.mark.parametrize(
    "source",
    ["raise SystemExit(3)", "print('no json')", "print('[]')", 'print(\'{"outcome": "odd"}\')'],
)
def test_a_process_that_fails_is_an_outcome_and_no_error(source):
    read = reading(source).read("licence", b"picture")
    assert (read.outcome, read.values) == (ReadingOutcome.FAILED, {})


def test_a_process_that_hangs_is_ended_after_its_time():
    read = reading("import time; time.sleep(60)", timeout_s=0.3).read("licence", b"picture")
    assert read.outcome is ReadingOutcome.TIMED_OUT
    assert 300 <= read.took_ms < 20_000


def test_without_the_extra_nothing_is_started():
    port = ProcessReading(command=("/nowhere/at/all",), is_installed=False)
    assert port.read("licence", b"x").outcome is ReadingOutcome.NOT_INSTALLED


def test_the_process_itself_says_when_the_engine_is_missing():
    import json
    import subprocess

    if ProcessReading().read("licence", b"").outcome is not ReadingOutcome.NOT_INSTALLED:
        pytest.skip("the extra is installed here")
    done = subprocess.run(
        [sys.executable, "-m", "tongbao.platform.providers.ocr_process"],
        input=json.dumps({"kind": "licence", "picture": ""}).encode(),
        capture_output=True,
        check=True,
    )
    assert json.loads(done.stdout) == {"outcome": "not_installed", "values": {}}
