"""Holding an amount, letting it go, taking it: the pre-authorisation family."""

from __future__ import annotations

from typing import Final

from tongbao.app.conform.case import CaseBook, check
from tongbao.app.conform.deeds import (
    Done,
    approved,
    approved_in_the_end,
    card_of,
    do,
    needs,
    refused,
    reversal,
)
from tongbao.app.conform.terminal_side import TerminalSide
from tongbao.wire.unionpay.transactions import (
    COMPLETION,
    COMPLETION_ADVICE,
    COMPLETION_VOID,
    PREAUTH,
    PREAUTH_VOID,
    REFUND,
    VOID,
)

BOOK: Final[CaseBook[TerminalSide]] = CaseBook("pre_authorisation")
_HELD_MINOR: Final = 10_00


def _held(side: TerminalSide) -> Done:
    needs(side, "pre_authorisation")
    side.sign_in()
    return approved(side, PREAUTH, amount_minor=_HELD_MINOR)


@BOOK.case("hold", "A pre-authorisation is approved with an authorisation code.", "3.6")
def _hold(side: TerminalSide) -> None:
    done = _held(side)
    check(done.reply.message.mti == "0110", "0110", done.reply.message.mti)
    check(len(done.reply.text(38).strip()) == 6, "six characters in F38", str(done.reply))


@BOOK.case("void", "A hold is let go by its authorisation code and date.", "3.6")
def _void(side: TerminalSide) -> None:
    approved(side, PREAUTH_VOID, original=_held(side), amount_minor=_HELD_MINOR)


@BOOK.case("void_twice", "A hold that is gone is not let go again.", "3.6")
def _void_twice(side: TerminalSide) -> None:
    hold = _held(side)
    approved(side, PREAUTH_VOID, original=hold, amount_minor=_HELD_MINOR)
    refused(do(side, PREAUTH_VOID, original=hold, amount_minor=_HELD_MINOR).reply)


@BOOK.case("completion", "A hold is completed with its whole amount.", "3.6")
def _completion(side: TerminalSide) -> None:
    done = approved(side, COMPLETION, original=_held(side), amount_minor=_HELD_MINOR)
    check(done.reply.message.mti == "0210", "0210", done.reply.message.mti)


@BOOK.case("completion_less", "A hold is completed with less.", "3.6")
def _completion_less(side: TerminalSide) -> None:
    approved(side, COMPLETION, original=_held(side), amount_minor=1)


@BOOK.case("completion_above", "A completion may exceed the hold up to the agreed share.", "3.6")
def _completion_above(side: TerminalSide) -> None:
    approved(side, COMPLETION, original=_held(side), amount_minor=11_50)


@BOOK.case("completion_too_much", "A completion above the agreed share is refused.", "3.6")
def _completion_too_much(side: TerminalSide) -> None:
    refused(do(side, COMPLETION, original=_held(side), amount_minor=11_51).reply)


@BOOK.case("completion_twice", "A hold is completed once.", "3.6")
def _completion_twice(side: TerminalSide) -> None:
    hold = _held(side)
    approved(side, COMPLETION, original=hold, amount_minor=5_00)
    refused(do(side, COMPLETION, original=hold, amount_minor=5_00).reply)


@BOOK.case("completion_of_released", "A hold that was let go is not completed.", "3.6")
def _completion_released(side: TerminalSide) -> None:
    hold = _held(side)
    approved(side, PREAUTH_VOID, original=hold, amount_minor=_HELD_MINOR)
    refused(do(side, COMPLETION, original=hold, amount_minor=_HELD_MINOR).reply)


@BOOK.case("release_of_completed", "A completed hold is not let go.", "3.6")
def _release_completed(side: TerminalSide) -> None:
    hold = _held(side)
    approved(side, COMPLETION, original=hold, amount_minor=_HELD_MINOR)
    refused(do(side, PREAUTH_VOID, original=hold, amount_minor=_HELD_MINOR).reply)


@BOOK.case("wrong_auth_code", "A completion with another authorisation code is refused.", "3.6")
def _wrong_code(side: TerminalSide) -> None:
    hold = _held(side)
    refused(do(side, COMPLETION, original=hold, amount_minor=1_00, changes={38: "ZZZZZZ"}).reply)


@BOOK.case("no_auth_code", "A completion without an authorisation code is refused.", "3.0.1")
def _no_code(side: TerminalSide) -> None:
    hold = _held(side)
    refused(do(side, COMPLETION, original=hold, amount_minor=1_00, changes={38: None}).reply)


@BOOK.case("other_card", "A completion with another card is refused.", "3.6")
def _other_card(side: TerminalSide) -> None:
    hold = _held(side)
    other = card_of(side, "second")
    refused(do(side, COMPLETION, original=hold, card=other, amount_minor=1_00).reply)


@BOOK.case(
    "batch_and_trace_unknown", "Batch and trace in F61 may be zeros: code and date do.", "3.6"
)
def _zeros(side: TerminalSide) -> None:
    hold = _held(side)
    changes = {61: "0" * 12 + hold.reply.text(13)}
    approved(side, COMPLETION, original=hold, amount_minor=1_00, changes=changes)


@BOOK.case("completion_advice", "A completion as advice is accepted.", "3.6")
def _advice(side: TerminalSide) -> None:
    done = approved(side, COMPLETION_ADVICE, original=_held(side), amount_minor=_HELD_MINOR)
    check(done.reply.message.mti == "0230", "0230", done.reply.message.mti)


@BOOK.case("advice_repeated", "The same advice twice takes the money once.", "7.1")
def _advice_repeated(side: TerminalSide) -> None:
    done = approved(side, COMPLETION_ADVICE, original=_held(side), amount_minor=_HELD_MINOR)
    again = side.ask(done.request)
    same = again.code == "00" and again.text(37) == done.reply.text(37)
    check(same, "the first answer again", str(again))


@BOOK.case("completion_void", "A completion of the open batch is voided.", "3.6")
def _completion_void(side: TerminalSide) -> None:
    done = approved(side, COMPLETION, original=_held(side), amount_minor=_HELD_MINOR)
    approved(side, COMPLETION_VOID, original=done, amount_minor=_HELD_MINOR)


@BOOK.case("completion_void_twice", "A voided completion is not voided again.", "3.6")
def _completion_void_twice(side: TerminalSide) -> None:
    done = approved(side, COMPLETION, original=_held(side), amount_minor=_HELD_MINOR)
    approved(side, COMPLETION_VOID, original=done, amount_minor=_HELD_MINOR)
    refused(do(side, COMPLETION_VOID, original=done, amount_minor=_HELD_MINOR).reply)


@BOOK.case("sale_void_of_hold", "A hold is not voided as if it were a sale.", "3.6")
def _sale_void(side: TerminalSide) -> None:
    hold = _held(side)
    refused(do(side, VOID, original=hold, amount_minor=_HELD_MINOR).reply)


@BOOK.case("refund_of_hold", "A hold is not refunded: nothing was taken.", "3.6")
def _refund_hold(side: TerminalSide) -> None:
    hold = _held(side)
    refused(do(side, REFUND, original=hold, amount_minor=1_00).reply)


@BOOK.case("refund_of_completion", "A completion is refunded like a sale.", "3.5")
def _refund_completion(side: TerminalSide) -> None:
    done = approved(side, COMPLETION, original=_held(side), amount_minor=_HELD_MINOR)
    approved(side, REFUND, original=done, amount_minor=4_00)


@BOOK.case("reversal_of_hold", "A reversed hold is gone: it is not completed.", "3.7")
def _reversal(side: TerminalSide) -> None:
    hold = _held(side)
    check(side.ask(reversal(hold)).code == "00", "a reversal with F39 00", "another answer")
    refused(do(side, COMPLETION, original=hold, amount_minor=1_00).reply)


@BOOK.case("reversal_of_release", "A reversed release: the hold stands and is completed.", "3.7")
def _reversal_of_void(side: TerminalSide) -> None:
    hold = _held(side)
    release = approved(side, PREAUTH_VOID, original=hold, amount_minor=_HELD_MINOR)
    check(side.ask(reversal(release)).code == "00", "a reversal with F39 00", "another answer")
    approved_in_the_end(side, COMPLETION, hold, 1_00)
