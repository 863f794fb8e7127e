"""Ids that rise for ever, and the reference numbers made of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.host.world import START_US
from tongbao.domain.errors import InvariantViolationError
from tongbao.domain.ids import Rrn
from tongbao.host.core.payment_ids import PaymentIds, lowest_id_at, node_of, rrn_of, time_of


def test_an_id_holds_its_time_and_node() -> None:
    payment_id = PaymentIds(63).next(START_US + 4321)
    assert time_of(payment_id) == START_US + 4000
    assert node_of(payment_id) == 63
    assert lowest_id_at(START_US + 4321) <= payment_id < lowest_id_at(START_US + 5000)


def test_a_known_id_has_a_known_reference_number() -> None:
    assert PaymentIds(0).next(START_US) == 59_536_800_000 << 19
    assert rrn_of(59_536_800_000 << 19) == "0VQ5BF400000"
    assert rrn_of(0) == "000000000000"
    assert rrn_of((1 << 60) - 1) == "ZZZZZZZZZZZZ"


@given(st.integers(0, (1 << 60) - 1), st.integers(0, (1 << 60) - 1))
def test_reference_numbers_are_valid_and_differ_as_the_ids_do(one: int, other: int) -> None:
    assert Rrn(rrn_of(one)).value == rrn_of(one)
    assert (rrn_of(one) == rrn_of(other)) is (one == other)
    assert (rrn_of(one) < rrn_of(other)) is (one < other)


@given(st.lists(st.integers(-5_000_000, 5_000_000), min_size=2, max_size=50))
def test_ids_rise_whatever_the_clock_does(steps: list[int]) -> None:
    ids = PaymentIds(1)
    now_us, made = START_US, []
    for step in steps:
        now_us += step
        made.append(ids.next(now_us))
    assert made == sorted(set(made))


def test_a_new_run_goes_on_above_the_last_id_even_when_the_clock_was_set_back() -> None:
    last = PaymentIds(5).next(START_US)
    following = PaymentIds(5, after=last).next(START_US - 86_400_000_000)
    assert following > last
    assert node_of(following) == 5


def test_more_ids_than_fit_into_a_millisecond_borrow_the_next() -> None:
    ids = PaymentIds(2)
    made = [ids.next(START_US) for _ in range(4097)]
    assert len(set(made)) == 4097
    assert time_of(made[4095]) == START_US
    assert time_of(made[4096]) == START_US + 1000


@given(st.lists(st.booleans(), max_size=50), st.integers(-5_000_000, 5_000_000))
def test_what_is_never_written_takes_no_id_of_what_a_later_run_writes(
    asked: list[bool], step_us: int
) -> None:
    """Seed 26744: a balance was asked, the host ended, its clock stood in 1970, and a sale came."""
    ids, last, unwritten = PaymentIds(3), 0, set()
    for is_written in asked:
        if is_written:
            last = ids.next(START_US)
        else:
            unwritten.add(ids.unwritten(START_US))
    assert len(unwritten) == asked.count(False)
    later = PaymentIds(3, after=last)
    assert unwritten.isdisjoint(later.next(START_US + step_us) for _ in range(100))


def test_the_end_of_the_time_bits_is_a_stop_and_not_a_repetition() -> None:
    with pytest.raises(InvariantViolationError):
        PaymentIds(0).next((1_735_689_600_000 + (1 << 41)) * 1000)
