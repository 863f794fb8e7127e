"""Fetches the trace of a payment from any database, for the command line and for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tongbao.platform.project import run_with

if TYPE_CHECKING:
    from tongbao.platform.payments.traces.types import Trace


class UnknownPaymentError(LookupError):
    """No payment has this reference number."""


def fetch_trace(database_url: str, rrn: str, *, is_sandbox: bool) -> Trace:
    """Return the trace of the payment with this reference number.

    Raises UnknownPaymentError when there is none.
    """

    def work(alias: str) -> Trace:
        from tongbao.platform.payments.models import (  # noqa: PLC0415 - needs the settings first
            Payment,
        )
        from tongbao.platform.payments.tracing import trace_of  # noqa: PLC0415 - as above: only when needed

        payment = Payment.objects.using(alias).filter(rrn=rrn).first()
        if payment is None:
            raise UnknownPaymentError(f"there is no payment with the reference number {rrn!r}")
        return trace_of(payment, is_sandbox=is_sandbox)

    return run_with(database_url, work)
