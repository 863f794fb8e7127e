"""What the API does by itself."""

from __future__ import annotations

from tongbao.platform.api.delivering import deliver_due
from tongbao.platform.api.feeding import feed_payments
from tongbao.platform.api.idempotency import forget_old_answers
from tongbao.platform.work.task import Task

TASKS = (
    Task(name="api.feed_payments", every_s=2, run=feed_payments),
    Task(name="api.deliver_webhooks", every_s=2, run=deliver_due),
    Task(name="api.forget_answers", every_s=600, run=forget_old_answers),
)
