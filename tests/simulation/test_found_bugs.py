"""Bugs that the simulator found, each as the smallest case that showed it."""

from tests.host.world import World
from tongbao.host.core.issuer_messages import classify
from tongbao.host.core.payment_rules import PaymentInput


def test_an_issuer_that_speaks_of_a_damaged_message_has_not_declined_the_sale() -> None:
    """Seed 56: a frame to the issuer came twice, once damaged; the whole copy was booked."""
    assert classify("A0") is PaymentInput.UNCLEAR_ANSWER
    world = World()
    world.send(world.signed_in().sale(2))
    world.answer(world.asked(), "A0")
    assert world.kinds(2) == ["reversal_requested"]
