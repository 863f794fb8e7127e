"""A merchant's terminals: list, story, settings, remote acts, receipt and loss."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router
from pydantic import Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Field as ProblemField
from tongbao.platform.api.problems import Problem, invalid
from tongbao.platform.api.shapes import In, MerchantNumber, Page, PageQuery
from tongbao.platform.fleet import acts, stock, wanted
from tongbao.platform.fleet.acts import ActRefusedError
from tongbao.platform.fleet.lifecycle import DeviceStep
from tongbao.platform.fleet.models import Device, RemoteAct, Terminal
from tongbao.platform.fleet.queries import terminals_of
from tongbao.platform.fleet.shapes import (
    ActOut,
    SettingsOut,
    TerminalOut,
    TerminalStoryOut,
    act_out,
    device_of_terminal,
    settings_out,
    terminal_out,
    terminals_out,
)
from tongbao.platform.fleet.steps import Facts, StepRefusedError, take
from tongbao.platform.fleet.wanted import SettingsRefusedError, Target
from tongbao.platform.fleet.wanted_rules import Level
from tongbao.platform.fleet.words import ACT_REFUSAL_WORDS, CHECK_WORDS, SETTING_RULE_WORDS
from tongbao.platform.merchants.models import Merchant, Shop
from tongbao.wire.device.health import ActKind

router = Router(tags=["terminals"])

TerminalNumber = Annotated[str, Path(description="Terminal number, 8 characters", max_length=8)]
ShopId = Annotated[str, Path(max_length=32)]
ActId = Annotated[str, Path(max_length=32)]
_Text = Annotated[str, Field(max_length=200)]
AskedKind = Literal[
    "message", "lock", "unlock", "restart", "parameter_push", "self_test", "log_pull", "wipe"
]


class NewAct(In):
    """What a terminal is to do; `words` is what it shows (message, lock)."""

    kind: AskedKind
    words: _Text = ""


class Changes(In):
    """Settings to change at one level, by path; null leaves a setting to the level above."""

    settings: Annotated[dict[str, Any], Field(min_length=1, max_length=40)]


class Note(In):
    """Words for the history."""

    note: Annotated[str, Field(max_length=500)] = ""


@router.get(
    "/merchants/{merchant_id}/terminals", response=Page[TerminalOut], operation_id="list_terminals"
)
@operation(Operation.DEVICE_VIEW)
def list_terminals(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[TerminalOut]:
    """List a merchant's terminals with their devices, health and settings in force."""
    rows, cursor = page_of(
        terminals_of(merchant_id), query, order=("terminal_id",), name=f"terminals:{merchant_id}"
    )
    return Page(items=terminals_out(rows, now_us=request.now_us), next_cursor=cursor)


@router.get(
    "/merchants/{merchant_id}/terminals/{terminal_id}",
    response=TerminalStoryOut,
    operation_id="get_terminal",
)
@operation(Operation.DEVICE_VIEW)
def get_terminal(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber
) -> TerminalStoryOut:
    """Show one terminal with what happened to its device and its newest self-test."""
    return terminal_out(terminals_of(merchant_id).get(pk=terminal_id), now_us=request.now_us)


@router.post(
    "/merchants/{merchant_id}/terminals/{terminal_id}/receipt",
    response=TerminalStoryOut,
    operation_id="confirm_receipt",
)
@operation(Operation.DEVICE_RECEIVE)
def confirm_receipt(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber, body: Note
) -> TerminalStoryOut:
    """Confirm that a terminal that was sent has arrived."""
    device = _device(merchant_id, terminal_id)
    try:
        stock.receive(request.actor, device.pk, note=body.note, now_us=request.now_us)
    except StepRefusedError as refused:
        raise step_problem(refused) from None
    return get_terminal_now(merchant_id, terminal_id, request.now_us)


@router.post(
    "/merchants/{merchant_id}/terminals/{terminal_id}/loss",
    response=TerminalStoryOut,
    operation_id="report_loss",
)
@operation(Operation.DEVICE_REPORT_LOST)
def report_loss(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber, body: Note
) -> TerminalStoryOut:
    """Report a terminal lost: it is locked, its certificate revoked and its keys destroyed."""
    device = _device(merchant_id, terminal_id)
    facts = Facts(note=body.note)
    try:
        take(request.actor, device.pk, DeviceStep.LOSE, now_us=request.now_us, facts=facts)
    except StepRefusedError as refused:
        raise step_problem(refused) from None
    return get_terminal_now(merchant_id, terminal_id, request.now_us)


@router.get(
    "/merchants/{merchant_id}/terminals/{terminal_id}/acts",
    response=Page[ActOut],
    operation_id="list_acts",
)
@operation(Operation.DEVICE_VIEW)
def list_acts(
    request: ApiRequest,
    merchant_id: MerchantNumber,
    terminal_id: TerminalNumber,
    query: Query[PageQuery],
) -> Page[ActOut]:
    """List what a terminal was asked to do, newest first."""
    del request
    terminal = Terminal.objects.get(pk=terminal_id, merchant_id=merchant_id)
    rows, cursor = page_of(
        RemoteAct.objects.filter(merchant_id=merchant_id, terminal_id=terminal.pk),
        query,
        order=("-asked_at_us", "act_id"),
        name=f"acts:{merchant_id}:{terminal_id}",
    )
    return Page(items=[act_out(row) for row in rows], next_cursor=cursor)


@router.post(
    "/merchants/{merchant_id}/terminals/{terminal_id}/acts",
    response={201: ActOut},
    operation_id="ask_act",
)
@operation(Operation.REMOTE_ACT_ASK)
def ask_act(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber, body: NewAct
) -> ActOut:
    """Ask a terminal to do something; it hears of it with its next heartbeat."""
    device = _device(merchant_id, terminal_id)
    words = {"words": body.words}
    try:
        act = acts.ask(request.actor, device.pk, ActKind(body.kind), words, now_us=request.now_us)
    except ActRefusedError as refused:
        raise _act_problem(refused) from None
    return act_out(act)


@router.delete(
    "/merchants/{merchant_id}/terminals/{terminal_id}/acts/{act_id}",
    response=ActOut,
    operation_id="withdraw_act",
)
@operation(Operation.REMOTE_ACT_ASK)
def withdraw_act(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber, act_id: ActId
) -> ActOut:
    """Take back what the terminal has not heard of yet."""
    act = RemoteAct.objects.get(pk=act_id, merchant_id=merchant_id, terminal_id=terminal_id)
    try:
        return act_out(acts.withdraw(request.actor, act.pk, now_us=request.now_us))
    except ActRefusedError as refused:
        raise _act_problem(refused) from None


@router.get(
    "/merchants/{merchant_id}/terminals/{terminal_id}/settings",
    response=SettingsOut,
    operation_id="get_terminal_settings",
)
@operation(Operation.TERMINAL_SETTINGS_VIEW)
def get_terminal_settings(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber
) -> SettingsOut:
    """Show what is in force on a terminal and which level each setting comes from."""
    del request
    terminal = terminals_of(merchant_id).get(pk=terminal_id)
    return settings_out(Target(Level.TERMINAL, terminal.pk), wanted.effective(terminal))


@router.patch(
    "/merchants/{merchant_id}/terminals/{terminal_id}/settings",
    response=SettingsOut,
    operation_id="change_terminal_settings",
)
@operation(Operation.TERMINAL_SETTINGS_CHANGE)
def change_terminal_settings(
    request: ApiRequest, merchant_id: MerchantNumber, terminal_id: TerminalNumber, body: Changes
) -> SettingsOut:
    """Change settings of one terminal."""
    terminal = terminals_of(merchant_id).get(pk=terminal_id)
    target = Target(Level.TERMINAL, terminal.pk)
    _set(request, target, merchant_id, body)
    return settings_out(target, wanted.effective(terminal))


@router.get(
    "/merchants/{merchant_id}/terminal-settings",
    response=SettingsOut,
    operation_id="get_settings_of_all_terminals",
)
@operation(Operation.TERMINAL_SETTINGS_VIEW)
def get_settings_of_all(request: ApiRequest, merchant_id: MerchantNumber) -> SettingsOut:
    """Show what is in force for all of a merchant's terminals."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    target = Target(Level.MERCHANT, merchant.pk)
    return settings_out(target, wanted.effective_above(merchant.pk, merchant.mcc))


@router.patch(
    "/merchants/{merchant_id}/terminal-settings",
    response=SettingsOut,
    operation_id="change_settings_of_all_terminals",
)
@operation(Operation.TERMINAL_SETTINGS_CHANGE)
def change_settings_of_all(
    request: ApiRequest, merchant_id: MerchantNumber, body: Changes
) -> SettingsOut:
    """Change settings for all terminals of a merchant."""
    merchant = Merchant.objects.get(pk=merchant_id)
    target = Target(Level.MERCHANT, merchant.pk)
    _set(request, target, merchant_id, body)
    return settings_out(target, wanted.effective_above(merchant.pk, merchant.mcc))


@router.get(
    "/merchants/{merchant_id}/shops/{shop_id}/terminal-settings",
    response=SettingsOut,
    operation_id="get_settings_of_shop",
)
@operation(Operation.TERMINAL_SETTINGS_VIEW)
def get_settings_of_shop(
    request: ApiRequest, merchant_id: MerchantNumber, shop_id: ShopId
) -> SettingsOut:
    """Show what is in force for the terminals of one shop."""
    del request
    return _shop_settings(Shop.objects.select_related("merchant"), merchant_id, shop_id)


@router.patch(
    "/merchants/{merchant_id}/shops/{shop_id}/terminal-settings",
    response=SettingsOut,
    operation_id="change_settings_of_shop",
)
@operation(Operation.TERMINAL_SETTINGS_CHANGE)
def change_settings_of_shop(
    request: ApiRequest, merchant_id: MerchantNumber, shop_id: ShopId, body: Changes
) -> SettingsOut:
    """Change settings for the terminals of one shop."""
    shop = Shop.objects.get(pk=shop_id, merchant_id=merchant_id)
    _set(request, Target(Level.SHOP, shop.pk), merchant_id, body)
    return _shop_settings(Shop.objects.select_related("merchant"), merchant_id, shop_id)


def _shop_settings(shops: Any, merchant_id: str, shop_id: str) -> SettingsOut:
    shop = shops.get(pk=shop_id, merchant_id=merchant_id)
    effective = wanted.effective_above(shop.merchant_id, shop.merchant.mcc, shop.pk)
    return settings_out(Target(Level.SHOP, shop.pk), effective)


def _set(request: ApiRequest, target: Target, merchant_id: str, body: Changes) -> None:
    try:
        wanted.set_leaves(request.actor, target, merchant_id, body.settings, now_us=request.now_us)
    except SettingsRefusedError as refused:
        fields = [
            ProblemField(
                f"settings.{fault.path}"[:120], fault.rule, str(SETTING_RULE_WORDS[fault.rule])
            )
            for fault in refused.faults
        ]
        raise Problem(422, "invalid", fields=fields) from None


def _device(merchant_id: str, terminal_id: str) -> Device:
    device = device_of_terminal(Terminal.objects.get(pk=terminal_id, merchant_id=merchant_id))
    if device is None:
        raise Problem(409, "no_terminal", ACT_REFUSAL_WORDS["no_terminal"])
    return device


def get_terminal_now(merchant_id: str, terminal_id: str, now_us: int) -> TerminalStoryOut:
    """Return a terminal as it is after an act."""
    return terminal_out(terminals_of(merchant_id).get(pk=terminal_id), now_us=now_us)


def step_problem(refused: StepRefusedError) -> Problem:
    """Return how a refused step is told."""
    if refused.check is None:
        return Problem(409, "not_now", _("This cannot be done with the terminal as it is now."))
    return Problem(409, refused.check.value, CHECK_WORDS[refused.check])


def _act_problem(refused: ActRefusedError) -> Problem:
    words = ACT_REFUSAL_WORDS[refused.reason]
    if refused.reason in ("text_missing", "text_too_long"):
        return invalid("words", words, refused.reason)
    return Problem(409, refused.reason, words)
