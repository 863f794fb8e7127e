import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.domain.money import Currency, CurrencyMismatchError, Money, Rounding

CNY, JPY, USD = Currency.CNY, Currency.JPY, Currency.USD
minors = st.integers(min_value=-(10**15), max_value=10**15)


def yuan(text):
    return Money.parse(text, CNY)


def test_a_currency_knows_its_code_number_and_exponent():
    assert (CNY.code, CNY.number, CNY.exponent) == ("CNY", "156", 2)
    assert Currency.from_number("392") is JPY
    with pytest.raises(ValueError, match="not one we hold"):
        Currency.from_number("000")


@pytest.mark.parametrize(
    ("text", "minor", "back"),
    [
        ("12.34", 1234, "12.34"),
        ("12.3", 1230, "12.30"),
        ("12", 1200, "12.00"),
        ("0.05", 5, "0.05"),
        ("-0.05", -5, "-0.05"),
        ("-12", -1200, "-12.00"),
        ("000.10", 10, "0.10"),
        ("999999999999999999", 99999999999999999900, "999999999999999999.00"),
    ],
)
def test_text_becomes_minor_units_and_comes_back(text, minor, back):
    assert yuan(text) == Money(minor, CNY)
    assert yuan(text).text() == back


@pytest.mark.parametrize(
    "text",
    ["", "1.", ".5", "1.234", "1,000", "1e3", "+1", " 1", "1\n", "１２", "--1", "nan", "1" * 19],
)
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ValueError, match="not an amount in CNY"):
        yuan(text)


def test_a_currency_without_decimals_takes_none():
    assert Money.parse("1200", JPY) == Money(1200, JPY)
    assert Money(-7, JPY).text() == "-7"
    with pytest.raises(ValueError, match="JPY"):
        Money.parse("12.0", JPY)


def test_sums_differences_and_comparisons():
    assert yuan("0.10") + yuan("0.20") == yuan("0.30")
    assert yuan("0.10") - yuan("0.20") == Money(-10, CNY)
    assert -yuan("1") == Money(-100, CNY)
    assert yuan("1") < yuan("1.01") <= yuan("1.01")
    assert yuan("2") > yuan("1.99") >= yuan("1.99")
    assert not Money(0, CNY)
    assert Money(-1, CNY)
    assert sorted([yuan("2"), yuan("1")]) == [yuan("1"), yuan("2")]
    assert str(yuan("12.3")) == "12.30 CNY"


@pytest.mark.parametrize(
    "operation",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a < b,
        lambda a, b: a <= b,
        lambda a, b: a > b,
        lambda a, b: a >= b,
    ],
)
def test_currencies_do_not_mix(operation):
    with pytest.raises(CurrencyMismatchError, match="CNY and USD"):
        operation(Money(1, CNY), Money(1, USD))
    assert Money(1, CNY) != Money(1, USD)


@pytest.mark.parametrize(
    "operation",
    [
        lambda a: a + 1,
        lambda a: a - 1.0,
        lambda a: a / 2,
        lambda a: a // 2,
        lambda a: a * 2,
        lambda a: a < 1,
        lambda a: a <= 1,
        lambda a: a > 1,
        lambda a: a >= 1,
        float,
        int,
        lambda a: Money(1.0, a.currency),
        lambda a: Money(True, a.currency),
        lambda _: Money(1, "CNY"),
        lambda a: a.apply_rate(0.5, Rounding.DOWN),
    ],
)
def test_there_is_no_way_to_numbers_or_floats(operation):
    with pytest.raises(TypeError):
        operation(Money(100, CNY))


def test_an_allocation_gives_left_over_fen_to_the_largest_fractions():
    parts = yuan("100").allocate([1, 1, 1])
    assert [part.minor for part in parts] == [3334, 3333, 3333]
    assert [part.minor for part in yuan("0.05").allocate([30, 70])] == [2, 3]
    assert [part.minor for part in Money(-100, CNY).allocate([1, 1, 1])] == [-34, -33, -33]
    assert [part.minor for part in yuan("0.01").allocate([0, 5, 0])] == [0, 1, 0]


@given(minors, st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any))
def test_an_allocation_loses_nothing(minor, weights):
    parts = Money(minor, CNY).allocate(weights)
    assert sum(part.minor for part in parts) == minor
    assert len(parts) == len(weights)
    for part, weight in zip(parts, weights, strict=True):
        exact_times_total = minor * weight
        assert abs(part.minor * sum(weights) - exact_times_total) < sum(weights)
        assert weight or not part


@pytest.mark.parametrize("weights", [[], [0, 0], [1, -1], [1.5], [True]])
def test_weights_must_be_whole_and_not_all_zero(weights):
    with pytest.raises(ValueError, match="weight"):
        yuan("1").allocate(weights)


@pytest.mark.parametrize(
    ("minor", "rate_ppm", "rounding", "result"),
    [
        (10000, 3800, Rounding.HALF_UP, 38),
        (12345, 3800, Rounding.HALF_UP, 47),
        (12345, 3800, Rounding.DOWN, 46),
        (12345, 3800, Rounding.UP, 47),
        (50, 10_000, Rounding.HALF_UP, 1),
        (50, 10_000, Rounding.HALF_EVEN, 0),
        (150, 10_000, Rounding.HALF_EVEN, 2),
        (151, 10_000, Rounding.HALF_EVEN, 2),
        (-50, 10_000, Rounding.HALF_UP, -1),
        (-51, 10_000, Rounding.DOWN, 0),
        (-1, 10_000, Rounding.UP, -1),
        (0, 10_000, Rounding.UP, 0),
    ],
)
def test_a_rate_is_rounded_as_told(minor, rate_ppm, rounding, result):
    assert Money(minor, CNY).apply_rate(rate_ppm, rounding) == Money(result, CNY)


@given(minors, st.integers(0, 2_000_000))
def test_rounded_rates_stay_within_one_minor_unit(minor, rate_ppm):
    money = Money(minor, CNY)
    down = money.apply_rate(rate_ppm, Rounding.DOWN).minor
    up = money.apply_rate(rate_ppm, Rounding.UP).minor
    assert abs(up) - abs(down) in (0, 1)
    for rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN):
        assert money.apply_rate(rate_ppm, rounding).minor in (down, up)


@given(minors, st.sampled_from(list(Currency)))
def test_every_amount_reads_back_from_its_text(minor, currency):
    money = Money(minor, currency)
    assert Money.parse(money.text(), currency) == money
