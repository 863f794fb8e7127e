"""Puts the current text and the standard fees on record, once, when somebody first needs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction

from tongbao.platform.contracts import texts
from tongbao.platform.contracts.fees import STANDARD_RATES, document_hash, rates_document
from tongbao.platform.contracts.models import ContractVersion, FeeSchedule
from tongbao.platform.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tongbao.platform.contracts.fees import Method, Rate


class TextChangedError(RuntimeError):
    """A published text differs from the one on record: it needs a new version."""


def standard_schedule(*, now_us: int) -> FeeSchedule:
    """Return the newest standard schedule; the shipped one is published when there is none."""
    newest = FeeSchedule.objects.filter(is_standard=True).order_by("-version").first()
    if newest is not None:
        return newest
    return publish_schedule(
        STANDARD_RATES, ("标准费率", "Standard fees"), is_standard=True, now_us=now_us
    )


def publish_schedule(
    rates: Mapping[Method, Rate], titles: tuple[str, str], *, is_standard: bool, now_us: int
) -> FeeSchedule:
    """Put a schedule on record under the next number; `titles` are Chinese and English."""
    document = rates_document(rates)
    with transaction.atomic():
        newest = FeeSchedule.objects.order_by("-version").first()
        return FeeSchedule.objects.create(
            schedule_id=new_id("fees"),
            version=newest.version + 1 if newest else 1,
            title=titles[0],
            title_en=titles[1],
            is_standard=is_standard,
            rates=document,
            sha256=document_hash(document),
            published_at_us=now_us,
        )


def current_text(*, now_us: int) -> ContractVersion:
    """Return the current text, put on record when it is not yet.

    Raises: TextChangedError.
    """
    text_zh, text_en = (texts.text_of(texts.CURRENT, language) for language in ("zh", "en"))
    digest = texts.text_hash(text_zh, text_en)
    known = ContractVersion.objects.filter(pk=texts.CURRENT).first()
    if known is None:
        try:
            with transaction.atomic():
                known = ContractVersion.objects.create(
                    version=texts.CURRENT,
                    text_zh=text_zh,
                    text_en=text_en,
                    sha256=digest,
                    published_at_us=now_us,
                )
        except IntegrityError:  # another process was faster
            known = ContractVersion.objects.get(pk=texts.CURRENT)
    if known.sha256 != digest:
        raise TextChangedError(f"the text of version {texts.CURRENT} is not the one on record")
    return known
