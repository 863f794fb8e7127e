"""A cashier who keeps working, whatever happens to the till, and writes down what it says."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from tongbao.app.demo.order import needs_of, start_arguments
from tongbao.app.soak.history import BALANCE, TOLD_BY_SCREEN, Told
from tongbao.app.soak.plan import CLOSING_CARD, SaleOrder
from tongbao.app.soak.receipts import Receipts, give_back, use
from tongbao.app.soak.till import State, Till, TillLostError, TillRefusedError
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.drawer import (
    ReaderAddress,
    ReaderRefusedError,
    ReaderUnreachableError,
    swipe,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tongbao.app.soak.actors import Actor
    from tongbao.app.soak.history import History, SaleRecord
    from tongbao.app.soak.receipts import Receipt

_OPERATOR: Final = "01"
_PASSWORD: Final = "0000"  # noqa: S105 - the PIN of the sandbox's operators, in the documents
_WRONG_PIN: Final = "999999"
_PAUSE_S: Final = 0.25
_STEP_TIMEOUT_S: Final = 40.0
_SALE_TIMEOUT_S: Final = 90.0
_SWIPE_TIMEOUT_MS: Final = 30_000
_CLOSING_MINOR: Final = 100


class Cashier:
    """One person at one till."""

    def __init__(
        self, terminal_id: str, actor: Actor, orders: Iterator[SaleOrder], history: History
    ) -> None:
        self._terminal_id = terminal_id
        self._actor = actor
        self._orders = orders
        self._history = history
        self._closing = asyncio.Event()
        self._began = asyncio.Event()
        self._has_closing_balance = False
        self._has_closing_sale = False
        self._receipts = Receipts()
        self.last_state: State = {}

    async def ready(self) -> None:
        """Return when the first sale may begin: powered on, logged in, signed in."""
        await self._began.wait()

    def close_up(self) -> None:
        """Have the cashier stop selling: one more sale, close the batch, then home."""
        self._closing.set()

    async def work(self) -> None:
        """Sell until `close_up`; then a balance, a sale and the end of the batch must succeed."""
        while True:
            await self._actor.up.wait()
            try:
                async with Till(self._actor.screen_address, self._saw) as till:
                    if await self._sell_here(till):
                        return
            except TillLostError:
                await asyncio.sleep(_PAUSE_S)

    def _saw(self, state: State) -> None:
        self.last_state = state
        self._history.saw(state)

    async def _sell_here(self, till: Till) -> bool:
        """Sell on one connection; True when the work is done."""
        while True:
            try:
                await self._make_ready(till)
                self._began.set()
                if self._closing.is_set() and not self._has_closing_balance:
                    # So few customers ask for it that a short run might meet no answer.
                    order = SaleOrder(CLOSING_CARD, 0, 0, kind=BALANCE)
                    self._has_closing_balance = await self._sell(till, order) is Told.OK
                elif self._closing.is_set():
                    order = SaleOrder(CLOSING_CARD, _CLOSING_MINOR, 0)
                    if self._has_closing_sale or await self._sell(till, order) is Told.OK:
                        self._has_closing_sale = True
                        await self._settle(till)
                        return True
                else:
                    order = next(self._orders)
                    await self._think(order.think_ms)
                    if not self._closing.is_set():
                        await self._sell(till, order)
            except TillRefusedError:
                await asyncio.sleep(_PAUSE_S)

    async def _think(self, think_ms: int) -> None:
        try:
            async with asyncio.timeout(think_ms / 1000):
                await self._closing.wait()
        except TimeoutError:
            pass

    async def _make_ready(self, till: Till) -> None:
        """Bring the till to where a sale can start, from wherever it is."""
        while not _can_sell(till.state):
            phase = till.state["phase"]
            seq_phase = phase
            await self._one_step(till, phase)
            if till.state["phase"] == seq_phase:
                await asyncio.sleep(_PAUSE_S)

    async def _one_step(self, till: Till, phase: str) -> None:
        match phase:
            case "off":
                await till.command("power_on")
            case "logged_out":
                await till.command("log_in", operator=_OPERATOR, password=_PASSWORD)
            case "card" | "pin":
                await till.command("cancel")
            case "settling":
                await self._go_on_settling(till)
            case "idle" if till.state["settlement"] is not None:
                await till.command("settle")
            case "result":
                await till.command("dismiss")
            case "idle":
                await till.command("resolve_now" if till.state["doubt"] else "sign_in")
            case "reversing" if _needs_person(till.state):
                await till.command("resolve_now")
            case _:
                await till.wait(
                    lambda state: state["phase"] != phase or _needs_person(state), _STEP_TIMEOUT_S
                )

    async def _sell(self, till: Till, order: SaleOrder) -> Told:
        """Make one payment; what is not known of it when the till is lost stays unknown."""
        order, original = self._receipts.fit(order)
        sale = self._history.begin(self._terminal_id, order)
        arguments = start_arguments(till.state, sale.kind, sale.amount_minor, original)
        has_pin = "pin" in needs_of(till.state, sale.kind)
        try:
            await till.command("start", sale.command_id, **arguments)
        except TillRefusedError as refused:
            self._history.note("refused", id=sale.command_id, kind=sale.kind, code=refused.code)
            raise
        await till.wait(lambda state: state["phase"] == "card", _STEP_TIMEOUT_S)
        if not has_pin:
            # What needs no PIN is sent as soon as the card is read.
            self._give(sale, original)
        await self._swipe(sale.card_id)
        if has_pin:
            await till.wait(lambda state: state["phase"] == "pin", _STEP_TIMEOUT_S)
            self._give(sale, original)
            pin = _WRONG_PIN if order.wrong_pin else CARD_BY_ID[sale.card_id].pin_hint
            try:
                await till.command("enter_pin", pin=pin)
            except TillRefusedError:
                self._end(sale, original, Told.NOT_SENT)
                raise
        return await self._await_end(till, sale, original)

    async def _swipe(self, card_id: str) -> None:
        try:
            reader = ReaderAddress.parse(self._actor.reader_address)
            await swipe(CARD_BY_ID[card_id], reader, _SWIPE_TIMEOUT_MS)
        except (ReaderRefusedError, ReaderUnreachableError):
            raise TillLostError("the reader") from None

    def _give(self, sale: SaleRecord, original: Receipt | None) -> None:
        self._history.give(sale)
        if original is not None:
            use(original, sale)

    def _end(
        self,
        sale: SaleRecord,
        original: Receipt | None,
        told: Told,
        trace: int | None = None,
        code: str = "",
    ) -> None:
        self._history.end(sale, told, trace, code)
        if original is not None and told is not Told.OK:
            give_back(original, sale)

    async def _settle(self, till: Till) -> None:
        """Close the batch; whatever interrupts it, it goes on until the host has closed it."""
        await self._make_ready(till)
        if self._terminal_id not in self._history.settled:
            await till.command("settle")
            while self._terminal_id not in self._history.settled:
                await self._make_ready(till)

    async def _go_on_settling(self, till: Till) -> None:
        settlement = till.state["settlement"]
        if settlement is None:
            return
        if settlement["stage"] == "done":
            flags = (str(settlement["domestic"]), str(settlement["foreign"]))
            self._history.end_batch(self._terminal_id, *flags)
            await till.command("dismiss")
        elif settlement["stage"] == "stopped":
            await asyncio.sleep(_PAUSE_S)
            await till.command("settle")
        else:
            await till.wait(
                lambda state: state["settlement"] != settlement or state["phase"] != "settling",
                _STEP_TIMEOUT_S,
            )

    async def _await_end(self, till: Till, sale: SaleRecord, original: Receipt | None) -> Told:
        state = till.state
        while state["phase"] != "result":
            if _needs_person(state):
                await asyncio.sleep(_PAUSE_S)
                await till.command("resolve_now")
            state = await till.wait(
                lambda state: state["phase"] == "result" or _needs_person(state), _SALE_TIMEOUT_S
            )
        result = state["result"]
        told = TOLD_BY_SCREEN[result["outcome"]]
        sale.balance_minor = result["balance_minor"]
        trace = None if result["trace"] is None else int(result["trace"])
        self._end(sale, original, told, trace, str(result["code"]))
        if told is Told.OK and sale.kind != BALANCE:
            self._receipts.keep(sale, state)
        return told


def _can_sell(state: State) -> bool:
    return (
        state["phase"] == "idle"
        and state["signed_in"]
        and state["doubt"] is None
        and state["settlement"] is None
    )


def _needs_person(state: State) -> bool:
    doubt = state["doubt"]
    return (
        state["phase"] in ("idle", "reversing")
        and doubt is not None
        and doubt["stage"] == "needs_person"
    )
