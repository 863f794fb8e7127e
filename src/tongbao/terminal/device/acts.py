"""Remote acts: what the platform may order, done once each, and what is answered.

An act's result is put in line before a restart or a wipe begins, and an order that comes again is
passed over.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tongbao.terminal.aside import PlatformMessage
from tongbao.terminal.core.vocabulary import Phase
from tongbao.terminal.device.logbook import pulled_log
from tongbao.terminal.device.quiet import has_unsent, is_quiet, unsent
from tongbao.terminal.process import Ending
from tongbao.wire.device.codec import encode
from tongbao.wire.device.health import AS_LOST, Act, ActKind, ActOutcome, ActResult, TestOccasion
from tongbao.wire.device.paths import act_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tongbao.domain.dates import Instant
    from tongbao.terminal.aside import Standing
    from tongbao.terminal.device.store import DeviceStore
    from tongbao.terminal.process import Terminal

# While one of these is on the screen somebody takes money: no order may break in.
_BUSY: Final = frozenset(
    {
        *(Phase.SIGNING_IN, Phase.CARD, Phase.PIN, Phase.AUTHORISING, Phase.REVERSING),
        *(Phase.SETTLING, Phase.LOADING),
    }
)

Outcome = tuple[ActOutcome, str, bytes | None]


class RemoteActs:
    """Does the platform's orders on the terminal that runs."""

    def __init__(
        self,
        store: DeviceStore,
        standing: Standing,
        now: Callable[[], Instant],
        pull: Callable[[], Awaitable[None]],
    ) -> None:
        """`pull` fetches the wanted settings at once."""
        self._store = store
        self._standing = standing
        self._now = now
        self._pull = pull
        self.ending: Ending | None = None
        self._put_off: dict[str, str] = {}

    async def do(self, act: Act, terminal: Terminal) -> None:
        """Do one act and put its result in line; one that was done before is passed over.

        What cannot be done now is told once, with its reason, and tried when it is ordered again.

        A self-test has its result in line when it ends. What the terminal must do after the result
        was delivered stands in `ending`.
        """
        if act.act_id in await asyncio.to_thread(self._store.acts_taken):
            return
        outcome, detail, log = await self._done(act, terminal)
        if outcome is ActOutcome.REFUSED and self._put_off.get(act.act_id) == detail:
            return
        result = ActResult(
            outcome=outcome, at_ms=self._now().us // 1000, detail=detail[:500], log=log
        )
        await asyncio.to_thread(self._store.keep_report, act_path(act.act_id), encode(result))
        if outcome is ActOutcome.REFUSED:
            self._put_off[act.act_id] = detail
        else:
            await asyncio.to_thread(self._store.keep_act, act.act_id)

    async def _done(self, act: Act, terminal: Terminal) -> Outcome:
        match act.kind:
            case ActKind.MESSAGE:
                return self._message(act)
            case ActKind.LOCK | ActKind.UNLOCK:
                return await self._lock(act)
            case ActKind.SELF_TEST:
                return self._self_test(act, terminal)
            case ActKind.RESTART:
                return self._restart(terminal)
            case ActKind.WIPE:
                return await self._wipe(act, terminal)
            case ActKind.LOG_PULL | ActKind.PARAMETER_PUSH:
                return await self._fetch(act, terminal)

    async def _fetch(self, act: Act, terminal: Terminal) -> Outcome:
        """Bring the platform our log, or us its settings."""
        if act.kind is ActKind.LOG_PULL:
            return ActOutcome.DONE, "", await self._log(terminal)
        await self._pull()
        return ActOutcome.DONE, "", None

    def _message(self, act: Act) -> Outcome:
        plain = act.body.get("words", "")
        zh, en = act.body.get("words_zh") or plain, act.body.get("words_en") or plain
        self._standing.change(message=PlatformMessage(act.act_id, zh, en))
        return ActOutcome.DONE, "", None

    async def _lock(self, act: Act) -> Outcome:
        words = act.body.get("words", "") if act.kind is ActKind.LOCK else None
        await asyncio.to_thread(self._store.keep_lock, words)
        self._standing.change(lock_words=self._store.lock_words())
        return ActOutcome.DONE, "", None

    async def _log(self, terminal: Terminal) -> bytes:
        state = terminal.shell.state
        standing = {"phase": state.phase.value, "link": "up" if state.link_up else "down"}
        journal = terminal.journal
        return await terminal.shell.on_device(lambda: pulled_log(journal.records(), standing))

    def _self_test(self, act: Act, terminal: Terminal) -> Outcome:
        if not is_quiet(terminal.shell.state) or terminal.aside.is_testing:
            return ActOutcome.REFUSED, "the terminal is in use", None
        terminal.aside.begin_test(TestOccasion.ASKED, act.act_id)
        return ActOutcome.DONE, "begun", None

    def _restart(self, terminal: Terminal) -> Outcome:
        if terminal.shell.state.phase in _BUSY:
            return ActOutcome.REFUSED, "a payment or a service is under way", None
        self.ending = Ending.RESTART
        return ActOutcome.DONE, "", None

    async def _wipe(self, act: Act, terminal: Terminal) -> Outcome:
        """Refuse while payments would be lost, unless the order counts the device as lost."""
        as_lost = act.body.get(AS_LOST) == "true"
        state = terminal.shell.state
        if terminal.settings.is_training and not as_lost:
            return ActOutcome.REFUSED, "the terminal is in training", None
        if has_unsent(state) and not as_lost:
            return ActOutcome.REFUSED, "payments are unsent or not settled", None
        if state.phase in _BUSY and not as_lost:
            return ActOutcome.REFUSED, "a payment or a service is under way", None
        # Whoever follows up what is lost must know how much it was.
        left = unsent(state)
        words = (
            f"lost with {left.reversals} reversals, {left.advices} advices, "
            f"{left.signatures} signatures, {len(state.items)} payments of the open batch"
        )
        await asyncio.to_thread(self._store.begin_wipe)
        self.ending = Ending.LEFT
        return ActOutcome.DONE, words if as_lost else "", None
