"""Sealed values open for their own row under their own key, and for nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongbao.domain.secrets import KeyBytes
from tongbao.platform.sealing import DataKey, SealError, read_data_key

KEY = DataKey(KeyBytes(bytes(range(32))))
OTHER = DataKey(KeyBytes(bytes(32)))


@given(st.binary(max_size=300), st.text(max_size=40))
def test_what_was_sealed_opens_again_and_no_two_seals_are_alike(plain, context):
    sealed = KEY.seal(plain, context)
    assert KEY.open(sealed, context) == plain
    assert len(sealed) == len(plain) + 29
    assert KEY.seal(plain, context) != sealed


def test_a_value_moved_to_another_row_or_changed_or_under_another_key_does_not_open():
    sealed = KEY.seal(b"licence", "paper/paper_a/sealed")
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for key, value, context in (
        (KEY, sealed, "paper/paper_b/sealed"),
        (KEY, changed, "paper/paper_a/sealed"),
        (OTHER, sealed, "paper/paper_a/sealed"),
        (KEY, b"\x02" + sealed[1:], "paper/paper_a/sealed"),
        (KEY, b"", "paper/paper_a/sealed"),
    ):
        with pytest.raises(SealError):
            key.open(value, context)


def test_tokens_find_equal_texts_of_one_purpose_only():
    assert KEY.token("x", "account") == KEY.token("x", "account")
    assert len({KEY.token("x", "account"), KEY.token("x", "id"), OTHER.token("x", "account")}) == 3
    assert KEY.token("x", "account").isalnum()
    assert len(KEY.token("x", "account")) == 32


def test_a_key_file_that_is_none_is_refused(tmp_path):
    file = tmp_path / "key"
    for content in ("", "zz", "00" * 16):
        file.write_text(content)
        with pytest.raises(ValueError, match="key"):
            read_data_key(file)
    file.write_text("00" * 32 + "\n")
    assert read_data_key(file).open(OTHER.seal(b"a", "b"), "b") == b"a"
