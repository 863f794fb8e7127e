import dataclasses

import pytest

from tongbao.domain.secrets import Pan
from tongbao.wire.unionpay.profile import HostProfile


@pytest.mark.parametrize(
    ("digits", "organisation"),
    [
        ("6200001234567890128", "CUP"),
        ("6200009900000000", "VIS"),
        ("6200009800000000", "CUP"),
        ("9", "CUP"),
    ],
)
def test_the_longest_prefix_names_the_organisation(digits, organisation):
    assert HostProfile().organisation_of(Pan(digits)) == organisation


def test_a_number_of_no_listed_organisation_is_domestic():
    assert HostProfile(organisations={}).organisation_of(Pan("6200009900000000")) == "CUP"


@pytest.mark.parametrize(
    ("header", "act"),
    [
        ("603100310001", None),
        ("603101310001", "parameters"),
        ("603103310001", "sign_in"),
        ("603108310001", "currency_rates"),
        ("603109310001", None),
        ("60310a310001", None),
    ],
)
def test_the_header_digit_names_what_to_do(header, act):
    assert HostProfile().act_of(bytes.fromhex(header)) == act


def test_a_host_numbers_its_acts_as_its_profile_says():
    profile = HostProfile(header_acts={"1": "sign_in"})
    assert profile.act_of(bytes.fromhex("603101310001")) == "sign_in"
    assert (profile.digit_of("sign_in"), profile.digit_of("blacklist")) == ("1", "0")


def test_only_the_listed_codes_are_approvals():
    assert [HostProfile().is_approval(code) for code in ("00", "10", "11")] == [True, False, False]
    assert HostProfile(approval_codes=("00", "11")).is_approval("11")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"name": "Union Pay"}, "name"),
        ({"sign_in_code": "005"}, "sign_in_code must be one of: 001, 003, 004, 006"),
        ({"mak_check_value_offset": 32}, "mak_check_value_offset must be one of: 28, 36"),
        ({"mac_algorithm": "crc"}, "mac_algorithm"),
        ({"mac_algorithm": "x9_19", "sign_in_code": "001"}, "mac_algorithm x9_19"),
        ({"mac_algorithm": "x9_9", "sign_in_code": "006"}, "mac_algorithm"),
        ({"track_encryption": True}, "track_encryption needs a track key"),
        ({"approval_codes": ()}, "approval_codes"),
        ({"approval_codes": ("0",)}, "approval_codes"),
        ({"void_totals": "both"}, "void_totals"),
        ({"completion_message": "letter"}, "completion_message"),
        ({"completion_percent_max": 99}, "completion_percent_max must be 100 to 1000"),
        ({"tip_percent_max": -1}, "tip_percent_max"),
        ({"refund_days_max": -1}, "refund_days_max"),
        ({"batch_records_max": 0}, "batch_records_max"),
        ({"batch_records_max": 1_000}, "batch_records_max must be 1 to 999"),
        ({"upload_repeats": -1}, "upload_repeats"),
        ({"reversal_repeats": -1}, "reversal_repeats"),
        ({"signature_code": "80"}, "signature_code"),
        ({"supervisor_for": ("gift",)}, "there is no transaction 'gift'"),
        ({"organisations": {"6x": "CUP"}}, "organisations"),
        ({"organisations": {"62": "cup"}}, "organisations"),
        ({"header_acts": {"0": "sign_in"}}, "header_acts"),
        ({"header_acts": {"1": "dance"}}, "there is no act 'dance'"),
    ],
    ids=str,
)
def test_a_profile_that_cannot_work_is_refused(change, text):
    with pytest.raises(ValueError, match=text):
        HostProfile(**change)


def test_a_profile_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        HostProfile().name = "other"
