"""What accounts and the audit log do by themselves."""

from __future__ import annotations

from typing import Final

from tongbao.platform.accounts.places import forget_old
from tongbao.platform.accounts.unused import disable_unused
from tongbao.platform.audit.sealing import seal_if_due
from tongbao.platform.work.task import Task

_HOUR_S: Final = 3600

TASKS = (
    Task(name="accounts.disable_unused", every_s=_HOUR_S, run=disable_unused),
    Task(name="accounts.forget_places", every_s=24 * _HOUR_S, run=forget_old),
    Task(name="audit.seal", every_s=600, run=seal_if_due),
)
