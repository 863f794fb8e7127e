"""The cardholder's signature as a picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from tongbao.domain.errors import ProtocolError
from tongbao.wire import jbig

if TYPE_CHECKING:
    from tongbao.platform.payments.models import Payment


def has_signature(payment: Payment) -> bool:
    """Return whether every part of a signature was uploaded for this payment."""
    return _joined(payment) is not None


def signature_picture(payment: Payment) -> bytes | None:
    """Return the signature as PNG, black on white; None when there is none that can be drawn."""
    data = _joined(payment)
    if data is None:
        return None
    try:
        bitmap = jbig.decode(data)
    except ProtocolError:
        return None
    # In a JBIG row a set bit is ink, in Pillow's it is paper.
    size = (bitmap.width, bitmap.height)
    image = Image.frombytes("1", size, bytes(bitmap.rows), "raw", "1;I")
    picture = io.BytesIO()
    image.save(picture, "PNG")
    return picture.getvalue()


def _joined(payment: Payment) -> bytes | None:
    """Return the parts in their order, None unless all of them are there."""
    parts = list(payment.signatures.order_by("part_no"))
    if not parts or not parts[-1].is_last:
        return None
    first = parts[0].part_no
    if [part.part_no for part in parts] != list(range(first, first + len(parts))):
        return None
    return b"".join(bytes(part.image) for part in parts)
