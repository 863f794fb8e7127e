"""Every seed and every kept input once more, without coverage and without luck."""

import pytest

from tests.fuzz.catalogue import TARGETS
from tests.fuzz.minimise import KEPT_BYTES_MAX, card_numbers
from tests.fuzz.replay import corpus_of, findings_in
from tests.fuzz.target import (
    CORPUS,
    NS_PER_KB,
    BrokenPropertyError,
    Finding,
    Outcome,
    Target,
    judge,
    judge_time,
)
from tongbao.domain.secrets import Pan

CORPUS_BYTES_IN_ALL_MAX = 200_000
each_target = pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))


@each_target
def test_seeds_and_kept_inputs_are_accepted_or_refused_in_time(target):
    found = findings_in(target, target.prepare(), corpus_of(target))
    assert {name: finding.story for name, finding in found.items()} == {}


@each_target
def test_a_target_has_seeds_that_its_code_accepts(target):
    run = target.prepare()
    kinds = {judge(run, data).kind for data in target.seeds().values()}
    assert any(not kind.startswith("refused") for kind in kinds), kinds


def test_the_corpus_is_small_and_holds_no_real_card_number():
    files = [path for path in CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} <= set(TARGETS)
    assert sum(path.stat().st_size for path in files) <= CORPUS_BYTES_IN_ALL_MAX
    for path in files:
        data = path.read_bytes()
        assert len(data) <= KEPT_BYTES_MAX, path.name
        assert list(card_numbers(data)) == [], path.name


def test_card_numbers_are_found_as_text_as_packed_field_and_in_a_track():
    # Put together here, because no file of the tree may hold such a number.
    number = "4" + "0" * 6 + "12345678" + "4"
    assert Pan(number).luhn_valid
    packed = bytes.fromhex(number)
    assert list(card_numbers(b"x" + number.encode() + b"y")) == [number]
    assert number in list(card_numbers(b"\x16" + packed + b"\x30"))
    assert number in list(card_numbers(bytes.fromhex(f"32{number}D301220100")))
    assert list(card_numbers(b"6200001234567890128")) == []


def test_an_untyped_error_a_broken_property_and_a_slow_input_are_findings():
    def escapes(_data):
        raise KeyError("tag")

    def breaks(_data):
        raise BrokenPropertyError("the same bytes come back")

    def spins(data):
        total = 0
        for one in range(200_000):
            total += one
        return Outcome("accepted", str(total + len(data)))

    assert isinstance(judge(escapes, b""), Finding)
    assert judge(breaks, b"").signature.endswith("the same bytes come back")
    slow = Target("slow", "", lambda: spins, dict)
    assert judge_time(spins, b"", slow.limit_ns(b"")).kind == "slow"
    assert slow.limit_ns(b"x" * 1025) == 2 * NS_PER_KB
