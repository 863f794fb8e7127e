"""A party with a bug fails on the case that is named for it; the kit is not blind."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conform.faults import FAULTS
from tests.app.conform.stage import certify_host, certify_terminal


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_broken_party_fails_on_the_case_named_for_its_fault(tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    certify = certify_host if fault.party == "host" else certify_terminal
    assert certify(tmp_path, name, fault.case).failed == (fault.case,)


def test_there_are_at_least_ten_broken_parties() -> None:
    assert len(FAULTS) >= 10
    assert {fault.party for fault in FAULTS.values()} == {"host", "terminal"}
