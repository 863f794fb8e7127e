"""The stranger's story with real processes: by API, text messages and device protocol."""

from __future__ import annotations

import json

from tests.app.demo.test_demo import run_demo
from tongbao.app.commands.demo import STORIES
from tongbao.app.demo.onboarding.telling import STEPS, step_text
from tongbao.app.demo.report import Language


def test_a_stranger_goes_from_the_public_page_to_a_first_sale(tmp_path):
    done = run_demo(tmp_path, "--story", "onboarding", "--json", "--language", "en")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["fault"] is None
    steps = {step.pop("step"): step for step in document["steps"]}
    assert list(steps) == list(STEPS)
    assert steps["prices"]["fee"] == "0.50"
    assert steps["applied"]["papers"] == "4"
    assert steps["approved"]["merchant_id"].startswith("1001101")
    assert (steps["received"]["serial"], steps["received"]["terminal_id"]) == (
        "TB26110001",
        "10000001",
    )
    assert steps["tested"]["detail"] == "approved, 2 slips"
    assert steps["sold"]["amount"] == "12.34"
    # Everything it started is gone, and so is its folder.
    assert list(tmp_path.iterdir()) == []


def test_every_step_has_words_in_both_languages_with_all_its_details():
    details = {
        "prices": {"fee": "0.50", "model": "M5"},
        "registered": {"phone": "1"},
        "applied": {"person": "P", "papers": "4"},
        "handed_in": {"status": "S"},
        "approved": {"merchant_id": "M", "status": "S"},
        "signed": {"number": "N", "sha256": "H"},
        "cashier": {"number": "01"},
        "received": {"terminal_id": "T", "serial": "S", "courier": "C"},
        "code": {"code": "00000000"},
        "activated": {"state": "S"},
        "sold": {"amount": "12.34", "rrn": "R"},
    }
    for name in STEPS:
        zh, en = (step_text(name, details.get(name, {}), one, 1.0) for one in Language)
        assert zh != en
        assert all(value in zh and value in en for value in details.get(name, {}).values())


def test_the_stories_are_named_by_the_command():
    assert STORIES == ("day", "onboarding")
