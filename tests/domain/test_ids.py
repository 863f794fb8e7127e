import pytest

from tongbao.domain.ids import BatchNo, MerchantId, OperatorNo, Rrn, Stan, TerminalId


@pytest.mark.parametrize(
    ("make", "good"),
    [
        (TerminalId, "00000001"),
        (TerminalId, "AB12cd34"),
        (MerchantId, "100000000000001"),
        (Rrn, "K3X9A0000017"),
        (OperatorNo, "00"),
        (OperatorNo, "99"),
    ],
)
def test_an_id_keeps_its_text(make, good):
    assert make(good).value == good
    assert str(make(good)) == good
    assert make(good) == make(good)
    assert len({make(good), make(good)}) == 1


@pytest.mark.parametrize(
    ("make", "bad"),
    [
        (TerminalId, "0000001"),
        (TerminalId, "000000001"),
        (TerminalId, "0000 001"),
        (TerminalId, "0000/001"),
        (TerminalId, "0000000１"),
        (TerminalId, "0000001\n"),
        (TerminalId, 1),
        (TerminalId, None),
        (MerchantId, "10000000000001"),
        (MerchantId, "10000000000000 "),
        (MerchantId, b"100000000000001"),
        (Rrn, "00000000000"),
        (Rrn, "0000 0000000"),
        (OperatorNo, "1"),
        (OperatorNo, "001"),
        (OperatorNo, "0a"),
        (OperatorNo, 1),
        (Stan, 0),
        (Stan, 1_000_000),
        (Stan, -1),
        (Stan, "000001"),
        (Stan, 1.0),
        (Stan, True),
        (BatchNo, 0),
        (BatchNo, 1_000_000),
    ],
)
def test_an_unfit_id_cannot_be_made(make, bad):
    with pytest.raises(ValueError, match=r"is |are |has "):
        make(bad)


@pytest.mark.parametrize("make", [Stan, BatchNo])
def test_a_number_has_six_digits_and_wraps_to_one(make):
    assert make(1).digits == "000001"
    assert str(make(123456)) == "123456"
    assert make(1).next() == make(2)
    assert make(999_999).next() == make(1)
    assert make.parse("000042") == make(42)
    assert make(2) > make(1)


@pytest.mark.parametrize("text", ["000000", "1", "0000001", "00000a", "", "+00001", "００００01"])
def test_a_number_is_read_from_exactly_six_digits(text):
    with pytest.raises(ValueError, match="number"):
        Stan.parse(text)


def test_ids_of_different_kinds_do_not_mix():
    assert Stan(1) != BatchNo(1)
    assert TerminalId("00000001") != "00000001"
    with pytest.raises(TypeError):
        assert Stan(1) < BatchNo(2)


@pytest.mark.parametrize("value", [TerminalId("00000001"), Stan(1)])
def test_an_id_does_not_change(value):
    with pytest.raises(AttributeError):
        value.value = "00000002"
