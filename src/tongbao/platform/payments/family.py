"""Payments that belong together: an original and whatever names it, and what is left of it.

The rules are pure; only `family_of` asks the database.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tongbao.platform.payments.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tongbao.platform.payments.models import Payment

# What takes money, what gives it back, and what says anew how much was taken.
TAKING: Final = (
    *("sale", "mail_order", "completion", "completion_advice"),
    *("offline_sale", "chip_offline_sale"),
)
VOIDING: Final = ("void", "completion_void", "pre_authorisation_void")
GIVING_BACK: Final = ("refund", "void", "completion_void")
RESTATING: Final = ("tip", "adjustment")
HOLDING: Final = "pre_authorisation"
COMPLETING: Final = ("completion", "completion_advice")

_GENERATIONS_MAX: Final = 4
_MEMBERS_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Member:
    """What the rules need to know of a payment; `payment_id` grows with time."""

    payment_id: int
    original_id: int
    kind: str
    amount_minor: int
    status: Status


def remaining_minor(payment_id: int, members: Iterable[Member]) -> int | None:
    """Return what of an approved payment could still be given back or completed, in minor units.

    A refund in doubt counts as given: nobody may give the same money twice. None for a payment of
    which nothing can be left: one that is not approved, or that itself gives back or asks.
    """
    known = {member.payment_id: member for member in members}
    payment = known.get(payment_id)
    if payment is None or payment.status is not Status.APPROVED:
        return None
    if payment.kind not in (*TAKING, HOLDING):
        return None
    left = payment.amount_minor
    for member in sorted(known.values(), key=lambda member: member.payment_id):
        if member.original_id != payment_id or member.status in (Status.DECLINED, Status.REVERSED):
            continue
        if member.kind in VOIDING or (payment.kind == HOLDING and member.kind in COMPLETING):
            return 0
        if member.kind in RESTATING and member.status is Status.APPROVED:
            left += member.amount_minor - _amount_before(member, payment, known.values())
        elif member.kind == "refund":
            left -= member.amount_minor
    return max(left, 0)


def _amount_before(member: Member, payment: Member, members: Iterable[Member]) -> int:
    earlier = [
        one
        for one in members
        if one.original_id == payment.payment_id
        and one.kind in RESTATING
        and one.status is Status.APPROVED
        and one.payment_id < member.payment_id
    ]
    return (
        max(earlier, key=lambda one: one.payment_id).amount_minor
        if earlier
        else (payment.amount_minor)
    )


def family_of(payment: Payment) -> list[Payment]:
    """Return the payment, the originals above it and all that names one of these, oldest first."""
    from tongbao.platform.payments.models import Payment  # noqa: PLC0415 - the rules need no Django

    payments = Payment.objects.using(payment._state.db)  # noqa: SLF001 - the record's own database
    members = {payment.payment_id: payment}
    above = payment
    for _ in range(_GENERATIONS_MAX):
        original = payments.filter(pk=above.original_id).first() if above.original_id else None
        if original is None or original.payment_id in members:
            break
        members[original.payment_id] = above = original
    newest = set(members)
    for _ in range(_GENERATIONS_MAX):
        below = payments.filter(original_id__in=newest, original_id__gt=0)[:_MEMBERS_MAX]
        found = {one.payment_id: one for one in below if one.payment_id not in members}
        if not found or len(members) >= _MEMBERS_MAX:
            break
        members |= found
        newest = set(found)
    return [members[key] for key in sorted(members)]
