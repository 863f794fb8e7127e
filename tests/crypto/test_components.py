"""Keys in components: only all of them, each checked, make the key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.components import check_component, combine, read_component, split
from tongbao.crypto.errors import KeyCheckError, KeyLengthError, KeyUseError
from tongbao.crypto.kcv import key_check_value
from tongbao.domain.secrets import KeyBytes, SecretText

TDES, SM4 = KeyAlgorithm.TDES, KeyAlgorithm.SM4
FIRST = KeyBytes(bytes(range(16)))
SECOND = KeyBytes(bytes(range(100, 116)))
WHOLE = bytes(one ^ other for one, other in zip(range(16), range(100, 116), strict=True))
_strong = st.binary(min_size=16, max_size=16).filter(lambda key: key[:8] != key[8:])


@given(st.sampled_from([TDES, SM4]), _strong, _strong)
def test_what_is_split_is_put_together_again(algorithm, key, noise):
    (one, one_kcv), (other, other_kcv) = split(algorithm, KeyBytes(key), lambda n: noise[:n])
    check_component(algorithm, one, one_kcv)
    check_component(algorithm, other, other_kcv)
    kcv = key_check_value(algorithm, key)
    try:
        combined = combine(algorithm, [one, other], kcv)
    except KeyUseError:
        return  # the noise was the key itself, or the key differs in parity only
    assert combined == KeyBytes(key)


@pytest.mark.parametrize("length", [3, 4])
def test_three_or_four_bytes_of_a_check_value_are_compared(length):
    kcv = key_check_value(TDES, WHOLE)[:length]
    assert combine(TDES, [FIRST, SECOND], kcv) == KeyBytes(WHOLE)


@pytest.mark.parametrize("kcv", [b"", b"\0", b"\0" * 4, b"\0" * 5])
def test_a_key_with_another_check_value_is_refused(kcv):
    with pytest.raises(KeyCheckError):
        combine(TDES, [FIRST, SECOND], kcv)


def test_a_component_with_another_check_value_is_refused():
    with pytest.raises(KeyCheckError, match="does not fit the component"):
        check_component(TDES, FIRST, bytes(4))


@pytest.mark.parametrize(
    "parts", [[], [FIRST], [FIRST, FIRST], [FIRST, KeyBytes(bytes(16))]], ids=len
)
def test_too_few_or_empty_or_repeated_components_are_refused(parts):
    with pytest.raises(KeyUseError):
        combine(TDES, parts, bytes(4))


def test_components_that_make_single_des_are_refused():
    weak = b"abcdefgh" * 2
    other = KeyBytes(bytes(one ^ two for one, two in zip(weak, range(16), strict=True)))
    with pytest.raises(KeyUseError, match="no strength"):
        combine(TDES, [FIRST, other], key_check_value(TDES, weak))


def test_only_master_key_algorithms_come_in_components():
    with pytest.raises(KeyUseError, match="no master key is of"):
        check_component(KeyAlgorithm.AES, FIRST, bytes(4))


@pytest.mark.parametrize(
    "typed", ["000102030405060708090a0b0c0d0e0f", "0001 0203 0405 0607-0809 0A0B 0C0D 0E0F"]
)
def test_a_component_is_read_as_people_type_it(typed):
    assert read_component(SecretText(typed)) == FIRST


@pytest.mark.parametrize("typed", ["", "00", "zz" * 16, "00" * 17])
def test_what_is_no_component_is_refused_without_showing_it(typed):
    with pytest.raises(KeyLengthError) as caught:
        read_component(SecretText(typed))
    assert str(caught.value) == "a component is 32 hex digits"
