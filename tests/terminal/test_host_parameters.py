"""Downloaded parameters: what they mean, and what happens to those that mean nothing."""

import pytest

from tongbao.terminal.core.host_parameters import HostParameters
from tongbao.wire.unionpay.structured import MagneticParameters


def read(text: str) -> HostParameters:
    return HostParameters.read(MagneticParameters.parse(text.encode("gbk")))


def test_every_parameter_that_the_terminal_keeps():
    name = "通宝便利店".encode("gbk").ljust(40).decode("gbk")
    found = read(f"1260181191520021122{name}23526FFF8")
    assert found == HostParameters(
        timeout_ms=60_000,
        tip_allowed=True,
        tip_percent_max=15,
        keyed_entry=False,
        auto_sign_off=True,
        merchant_name="通宝便利店",
        resend_count=5,
        refused_kinds=frozenset(),
    )


def test_what_was_not_sent_is_left_to_the_settings():
    assert read("") == HostParameters()


def test_a_cleared_bit_switches_a_kind_off():
    found = read("26FB00")
    assert found.refused_kinds == {
        *("sale", "offline_sale", "adjustment", "completion_advice", "chip_offline_sale"),
    }
    assert found.allows("refund")
    assert not found.allows("sale")
    assert found.allows("mail_order")


def test_the_bitmap_may_be_four_bytes():
    values = MagneticParameters.parse(b"26" + bytes.fromhex("7FF80000"))
    assert HostParameters.read(values).refused_kinds == {"balance"}


def test_no_tips_means_no_tip_payments():
    assert read("180").refused_kinds == {"tip"}


@pytest.mark.parametrize("text", ["12xx", "1200", "18x", "19??", "20 ", "23-", "22" + " " * 40])
def test_a_value_that_makes_no_sense_counts_as_not_sent(text):
    assert read(text) == HostParameters()
