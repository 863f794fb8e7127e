from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.domain.dates import CHINA_TIME, BusinessDate, Instant


def test_an_instant_shows_the_clock_of_a_zone():
    instant = Instant(1_795_226_400_123_456)
    assert instant.local(UTC).isoformat() == "2026-11-21T02:00:00.123456+00:00"
    assert instant.local().isoformat() == "2026-11-21T10:00:00.123456+08:00"
    assert instant.local(timezone(timedelta(hours=-5))).hour == 21


def test_instants_move_compare_and_subtract():
    start = Instant(1_000)
    assert start.plus_ms(3) == Instant(4_000)
    assert start.plus_us(-1_001) == Instant(-1)
    assert start < start.plus_us(1)
    assert start.plus_ms(60_000).us_since(start) == 60_000_000


@given(st.datetimes(timezones=st.sampled_from([UTC, CHINA_TIME]), min_value=datetime(1, 1, 2)))  # noqa: DTZ001 - the strategy adds the zone
def test_a_date_and_time_converts_exactly_both_ways(moment):
    assert Instant.from_datetime(moment).local(moment.tzinfo) == moment


def test_a_time_without_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        Instant.from_datetime(datetime(2026, 11, 21))  # noqa: DTZ001 - the naive time is the subject


@pytest.mark.parametrize("us", [1.0, "1", True, None])
def test_an_instant_is_a_whole_number(us):
    with pytest.raises(TypeError):
        Instant(us)


def test_a_business_date_reads_and_writes():
    for text in ("2026-11-21", "20261121"):
        assert BusinessDate.parse(text) == BusinessDate(date(2026, 11, 21))
    day = BusinessDate.parse("2026-02-28")
    assert (day.mmdd, day.text(), str(day)) == ("0228", "2026-02-28", "2026-02-28")
    assert day.plus_days(1).mmdd == "0301"
    assert day < day.plus_days(1)


@pytest.mark.parametrize(
    "text", ["2026-13-01", "2026-02-30", "2026/11/21", "261121", "", "2026112x"]
)
def test_what_is_no_date_is_refused(text):
    with pytest.raises(ValueError, match=r"\w"):
        BusinessDate.parse(text)


def test_a_business_date_has_no_time():
    with pytest.raises(TypeError):
        BusinessDate(datetime(2026, 11, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    ("mmdd", "near", "found"),
    [
        ("1121", "2026-11-21", "2026-11-21"),
        ("1231", "2027-01-01", "2026-12-31"),
        ("0101", "2026-12-31", "2027-01-01"),
        ("0229", "2027-06-01", "2028-02-29"),
    ],
)
def test_a_date_without_year_is_the_nearest(mmdd, near, found):
    assert BusinessDate.nearest(mmdd, BusinessDate.parse(near)).text() == found


@pytest.mark.parametrize("mmdd", ["0000", "1332", "0230", "121", "12a1"])
def test_a_date_that_no_year_has_is_refused(mmdd):
    with pytest.raises(ValueError, match="month and day"):
        BusinessDate.nearest(mmdd, BusinessDate.parse("2026-11-21"))
