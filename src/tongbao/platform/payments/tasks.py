"""What the payments' pages need to be done behind the host."""

from __future__ import annotations

from tongbao.platform.payments.doubts import follow_doubts
from tongbao.platform.payments.gave_up import follow_statuses
from tongbao.platform.work.task import Task

TASKS = (
    Task(name="payments.follow_doubts", every_s=5, run=follow_doubts),
    Task(name="payments.follow_statuses", every_s=60, run=follow_statuses),
)
