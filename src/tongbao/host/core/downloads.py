"""Parameters, public keys and lists for terminals; none of these messages carries a MAC.

A list comes in parts: the terminal says how many entries it has, the flag in front of the answer
says whether more follow. Each download ends with a message whose code is one higher.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from tongbao.host.core.download_contents import Contents
from tongbao.wire.unionpay.transactions import (
    BIN_LIST_B,
    BIN_LIST_C,
    BLACKLIST,
    CHIP_PARAMETER_LIST,
    CHIP_PARAMETERS,
    CONTACTLESS_PARAMETERS,
    CURRENCY_RATES,
    PARAMETERS,
    PUBLIC_KEY_LIST,
    PUBLIC_KEY_LIST_SM2,
    PUBLIC_KEYS,
    TMS_PARAMETERS,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.host.core.events import Effect
    from tongbao.host.core.network_management import Handler
    from tongbao.host.core.orders import Orders
    from tongbao.host.core.replies import Replies
    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import Terminal
    from tongbao.host.download_values import DownloadValues
    from tongbao.wire.unionpay.transactions import Transaction

# The act of the header that each download carries out when it has ended.
_ACTS: Final[dict[Transaction, str]] = {
    PARAMETERS: "parameters",
    TMS_PARAMETERS: "tms",
    PUBLIC_KEYS: "public_keys",
    CHIP_PARAMETERS: "chip_parameters",
    CURRENCY_RATES: "currency_rates",
    BLACKLIST: "blacklist",
}
_WITHOUT_ACT: Final = (CONTACTLESS_PARAMETERS, BIN_LIST_B, BIN_LIST_C)


class Downloads:
    """Answers what a terminal downloads.

    Spec: UnionPay terminal dialect, 2.8, 3.11 and 3.12.
    """

    __slots__ = ("_orders", "_replies", "handlers")

    def __init__(self, replies: Replies, orders: Orders, values: DownloadValues) -> None:
        self._replies = replies
        self._orders = orders
        contents = Contents(orders.profile, values)
        makers: dict[Transaction, Callable[[Request, Terminal], bytes]] = {
            PARAMETERS: contents.parameters,
            TMS_PARAMETERS: contents.tms_parameters,
            PUBLIC_KEY_LIST: contents.public_key_list,
            # There are no SM2 keys: the list is the same.
            PUBLIC_KEY_LIST_SM2: contents.public_key_list,
            PUBLIC_KEYS: contents.public_key,
            CHIP_PARAMETER_LIST: contents.application_list,
            CHIP_PARAMETERS: contents.application,
            CURRENCY_RATES: contents.currency_rates,
            BLACKLIST: contents.blacklist,
            CONTACTLESS_PARAMETERS: contents.contactless,
            BIN_LIST_B: contents.bins_b,
            BIN_LIST_C: contents.bins_c,
        }
        self.handlers: dict[tuple[str, str], Handler] = {
            (one.mti, one.network_code): partial(self._serve, make) for one, make in makers.items()
        }
        for one in (*_ACTS, *_WITHOUT_ACT):
            self.handlers[one.mti, one.end_code] = partial(self._end, _ACTS.get(one))

    def _serve(
        self,
        make: Callable[[Request, Terminal], bytes],
        request: Request,
        terminal: Terminal,
        now_us: int,
        out: list[Effect],
    ) -> None:
        self._replies.management(out, request, "00", now_us, {62: make(request, terminal)})

    def _end(
        self,
        act: str | None,
        request: Request,
        terminal: Terminal,
        now_us: int,
        out: list[Effect],
    ) -> None:
        if act is not None:
            self._orders.done(act, request, terminal, now_us, out)
        self._replies.management(out, request, "00", now_us)
