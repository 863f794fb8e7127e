"""The one table of all that can be asked for, with its right and its tenant rule. Pure.

A new operation is one line in `Operation` and one in `OPERATIONS`, sorted by room; the walk in
`tests/platform/access` fails for an operation, an address of the API or a console act without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.access.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Mapping


class Tenant(StrEnum):
    """Whose the thing must be.

    PUBLIC: anybody may. SELF: any person who logged in, about themselves. MERCHANT: those with the
    right at that merchant, and staff with the rule's `staff` right. STAFF: staff with the right.
    DEVICE: a terminal with its own key.
    """

    PUBLIC = "public"
    SELF = "self"
    MERCHANT = "merchant"
    STAFF = "staff"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: the right that is needed and where.

    `moves_money`: a person needs a second factor shown within the last ten minutes.
    `dual_control`: the act only asks; another person decides (`approvals`).
    `staff`: the right by which staff may do it at any merchant or for any person; None: they may
    not. `for_api_keys`: false when only a person may do it.
    """

    permission: Permission | None
    tenant: Tenant
    moves_money: bool = False
    dual_control: bool = False
    staff: Permission | None = None
    for_api_keys: bool = True


class Operation(StrEnum):
    """What can be asked for: `thing.act`, the word that the audit log keeps."""

    # access and console
    CONSOLE_VIEW = "console.view"
    LOG_IN = "person.log_in"
    SECOND_FACTOR = "person.second_factor"
    # accounts
    ME_VIEW = "me.view"
    ME_CHANGE = "me.change"
    ME_SESSIONS = "me.sessions"
    ME_NOTICES = "me.notices"
    ME_CREDENTIALS = "me.credentials"
    ME_FACTORS = "me.factors"
    ME_CONTACT = "me.contact"
    ACCOUNT_CLOSE = "account.close"
    ACCOUNT_REOPEN = "account.reopen"
    PASSWORD_ASK = "password.ask"  # noqa: S105 - the word, not a password
    PASSWORD_SET = "password.set"  # noqa: S105 - the word, not a password
    STAFF_LIST = "staff.list"
    STAFF_ADD = "staff.add"
    STAFF_END = "staff.end"
    STAFF_ROLE = "staff.role"
    MEMBER_LIST = "member.list"
    MEMBER_INVITE = "member.invite"
    MEMBER_CHANGE = "member.change"
    MEMBER_END = "member.end"
    ROLE_LIST = "role.list"
    ROLE_ADD = "role.add"
    ROLE_END = "role.end"
    # api
    CSRF_GIVE = "session.csrf_token"
    API_KEY_LIST = "api_key.list"
    API_KEY_VIEW_ALL = "api_key.view_all"
    API_KEY_ADD = "api_key.add"
    API_KEY_REVOKE = "api_key.revoke"
    WEBHOOK_LIST = "webhook.list"
    WEBHOOK_VIEW_ALL = "webhook.view_all"
    WEBHOOK_ADD = "webhook.add"
    WEBHOOK_CHANGE = "webhook.change"
    WEBHOOK_REMOVE = "webhook.remove"
    WEBHOOK_ROTATE = "webhook.rotate"
    WEBHOOK_DELIVERIES = "webhook.deliveries"
    WEBHOOK_SEND_AGAIN = "webhook.send_again"
    # approvals
    APPROVAL_LIST = "approval.list"
    APPROVE_KEYS = "approval.keys"
    APPROVE_FEES = "approval.fees"
    APPROVE_SETTLEMENT_ACCOUNT = "approval.settlement_account"
    APPROVE_ROLES = "approval.roles"
    APPROVE_MERCHANT_CATEGORY = "approval.merchant_category"
    APPROVE_TERMINAL_MOVE = "approval.terminal_move"
    APPROVE_TERMINAL_SETTINGS = "approval.terminal_settings"
    CHANGE_ASK = "change.ask"
    CHANGE_WITHDRAW = "change.withdraw"
    # audit
    AUDIT_VIEW = "audit.view"
    AUDIT_VIEW_ALL = "audit.view_all"
    AUDIT_SEAL = "audit.seal"
    # contracts
    CONTRACT_VIEW = "contract.view"
    CONTRACT_SIGN = "contract.sign"
    CONTRACT_OFFER = "contract.offer"
    FEES_VIEW = "fees.view"
    FEES_CHANGE = "fees.change"
    # fleet
    TERMINAL_ORDER = "terminal.order"
    DEVICE_VIEW = "device.view"
    DEVICE_VIEW_ALL = "device.view_all"
    DEVICE_STOCK = "device.stock"
    DEVICE_ASSIGN = "device.assign"
    DEVICE_SHIP = "device.ship"
    DEVICE_RECEIVE = "device.receive"
    DEVICE_SUSPEND = "device.suspend"
    DEVICE_MOVE = "device.move"
    DEVICE_REPLACE = "device.replace"
    DEVICE_TAKE_BACK = "device.take_back"
    DEVICE_REPORT_LOST = "device.report_lost"
    DEVICE_SCRAP = "device.scrap"
    DEVICE_VERIFY = "device.verify"
    DEVICE_SPEAK = "device.speak"
    KEYS_LOAD = "keys.load"
    KEYS_REMOTE = "keys.remote"
    ACTIVATION_VIEW = "activation.view"
    ACTIVATION_CONFIRM = "activation.confirm"
    ACTIVATION_SERVICE_POINT = "activation.service_point"
    ACTIVATION_CALL_OFF = "activation.call_off"
    ACTIVATION_PHONE = "activation.phone"
    TERMINAL_SETTINGS_VIEW = "terminal_settings.view"
    TERMINAL_SETTINGS_CHANGE = "terminal_settings.change"
    TERMINAL_SETTINGS_ACQUIRER = "terminal_settings.acquirer"
    REMOTE_ACT_ASK = "remote_act.ask"
    REMOTE_ACT_STAFF = "remote_act.staff"
    TERMINAL_LOG_READ = "terminal_log.read"
    # merchants
    MERCHANT_VIEW = "merchant.view"
    MERCHANT_CHANGE = "merchant.change"
    MERCHANT_SUSPEND = "merchant.suspend"
    SHOP_LIST = "shop.list"
    SHOP_ADD = "shop.add"
    SHOP_CHANGE = "shop.change"
    LIMITS_VIEW = "limits.view"
    SETTLEMENT_ACCOUNT_VIEW = "settlement_account.view"
    SETTLEMENT_ACCOUNT_CHANGE = "settlement_account.change"
    CATEGORY_CHANGE = "category.change"
    # onboarding
    PRICES_VIEW = "prices.view"
    APPLICATION_BEGIN = "application.begin"
    APPLICATION_VIEW = "application.view"
    APPLICATION_CHANGE = "application.change"
    APPLICATION_REVIEW = "application.review"
    APPLICATION_WORK = "application.work"
    PAPER_VIEW = "paper.view"
    AGENT_VIEW = "agent.view"
    AGENT_CHANGE = "agent.change"
    # operators
    OPERATOR_LIST = "operator.list"
    OPERATOR_ADD = "operator.add"
    OPERATOR_CHANGE = "operator.change"
    OPERATOR_RESET_PIN = "operator.reset_pin"
    OPERATOR_PIN_CHANGED = "operator.pin_changed"
    OPERATOR_CHANGED_AT_TERMINAL = "operator.changed_at_terminal"
    FUNCTION_CODE_LIST = "function_code.list"
    FUNCTION_CODE_CHANGE = "function_code.change"
    # payments
    EXCEPTION_WORK = "exception.work"
    PAYMENT_LIST = "payment.list"
    PAYMENT_VIEW = "payment.view"
    PAYMENT_SUMMARY = "payment.summary"
    PAYMENT_FEED = "payment.feed"
    PAYMENT_EXPORT = "payment.export"
    TRACE_SAVE = "trace.save"
    # work
    WORK_VIEW = "work.view"
    WORK_RUN = "work.run"


_P = Permission
_T = Tenant

OPERATIONS: Final[Mapping[Operation, Rule]] = {
    # access and console
    Operation.CONSOLE_VIEW: Rule(_P.CONSOLE, _T.STAFF),
    Operation.LOG_IN: Rule(None, _T.PUBLIC),
    Operation.SECOND_FACTOR: Rule(None, _T.SELF),
    # accounts
    Operation.ME_VIEW: Rule(None, _T.SELF),
    Operation.ME_CHANGE: Rule(None, _T.SELF),
    Operation.ME_SESSIONS: Rule(None, _T.SELF),
    Operation.ME_NOTICES: Rule(None, _T.SELF),
    Operation.ME_CREDENTIALS: Rule(None, _T.SELF),
    Operation.ME_FACTORS: Rule(None, _T.SELF, moves_money=True),
    Operation.ME_CONTACT: Rule(None, _T.SELF, moves_money=True),
    Operation.ACCOUNT_CLOSE: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.ACCOUNT_REOPEN: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.PASSWORD_ASK: Rule(None, _T.PUBLIC),
    Operation.PASSWORD_SET: Rule(None, _T.PUBLIC),
    Operation.STAFF_LIST: Rule(_P.CONSOLE, _T.STAFF),
    Operation.STAFF_ADD: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.STAFF_END: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.STAFF_ROLE: Rule(_P.ADMINISTRATION, _T.STAFF, dual_control=True),
    Operation.MEMBER_LIST: Rule(_P.STAFF_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.MEMBER_INVITE: Rule(
        _P.STAFF_MANAGE, _T.MERCHANT, moves_money=True, for_api_keys=False
    ),
    Operation.MEMBER_CHANGE: Rule(
        _P.STAFF_MANAGE, _T.MERCHANT, moves_money=True, for_api_keys=False
    ),
    Operation.MEMBER_END: Rule(_P.STAFF_MANAGE, _T.MERCHANT, for_api_keys=False),
    Operation.ROLE_LIST: Rule(_P.STAFF_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.ROLE_ADD: Rule(_P.STAFF_MANAGE, _T.MERCHANT, moves_money=True, for_api_keys=False),
    Operation.ROLE_END: Rule(_P.STAFF_MANAGE, _T.MERCHANT, for_api_keys=False),
    # api
    Operation.CSRF_GIVE: Rule(None, _T.PUBLIC),
    Operation.API_KEY_LIST: Rule(_P.API_KEYS, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.API_KEY_ADD: Rule(_P.API_KEYS, _T.MERCHANT, moves_money=True, for_api_keys=False),
    Operation.API_KEY_VIEW_ALL: Rule(_P.SUPPORT, _T.STAFF),
    # A key that leaked is stopped by whoever hears of it first.
    Operation.API_KEY_REVOKE: Rule(_P.API_KEYS, _T.MERCHANT, staff=_P.SUPPORT, for_api_keys=False),
    Operation.WEBHOOK_LIST: Rule(_P.WEBHOOKS, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.WEBHOOK_VIEW_ALL: Rule(_P.SUPPORT, _T.STAFF),
    Operation.WEBHOOK_ADD: Rule(_P.WEBHOOKS, _T.MERCHANT),
    Operation.WEBHOOK_CHANGE: Rule(_P.WEBHOOKS, _T.MERCHANT),
    Operation.WEBHOOK_REMOVE: Rule(_P.WEBHOOKS, _T.MERCHANT),
    Operation.WEBHOOK_ROTATE: Rule(_P.WEBHOOKS, _T.MERCHANT),
    Operation.WEBHOOK_DELIVERIES: Rule(_P.WEBHOOKS, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.WEBHOOK_SEND_AGAIN: Rule(_P.WEBHOOKS, _T.MERCHANT, staff=_P.SUPPORT),
    # approvals
    Operation.APPROVAL_LIST: Rule(_P.CONSOLE, _T.STAFF),
    Operation.APPROVE_KEYS: Rule(_P.KEYS, _T.STAFF),
    Operation.APPROVE_FEES: Rule(_P.SETTLEMENT, _T.STAFF),
    Operation.APPROVE_SETTLEMENT_ACCOUNT: Rule(_P.SETTLEMENT, _T.STAFF),
    Operation.APPROVE_ROLES: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.APPROVE_MERCHANT_CATEGORY: Rule(_P.REVIEW, _T.STAFF),
    Operation.APPROVE_TERMINAL_MOVE: Rule(_P.FLEET, _T.STAFF),
    Operation.APPROVE_TERMINAL_SETTINGS: Rule(_P.FLEET, _T.STAFF),
    Operation.CHANGE_ASK: Rule(None, _T.SELF),
    Operation.CHANGE_WITHDRAW: Rule(None, _T.SELF),
    # audit
    Operation.AUDIT_VIEW: Rule(_P.AUDIT_READ, _T.MERCHANT, staff=_P.AUDITING),
    Operation.AUDIT_VIEW_ALL: Rule(_P.AUDITING, _T.STAFF),
    Operation.AUDIT_SEAL: Rule(_P.AUDITING, _T.STAFF),
    # contracts
    Operation.CONTRACT_VIEW: Rule(_P.MERCHANT_READ, _T.MERCHANT, staff=_P.REVIEW),
    Operation.CONTRACT_SIGN: Rule(_P.CONTRACT_SIGN, _T.MERCHANT, for_api_keys=False),
    Operation.CONTRACT_OFFER: Rule(_P.REVIEW, _T.STAFF),
    Operation.FEES_VIEW: Rule(_P.FEES_READ, _T.MERCHANT, staff=_P.SETTLEMENT),
    Operation.FEES_CHANGE: Rule(_P.SETTLEMENT, _T.STAFF, dual_control=True),
    # fleet
    Operation.TERMINAL_ORDER: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_VIEW: Rule(_P.TERMINALS_READ, _T.MERCHANT, staff=_P.FLEET),
    Operation.DEVICE_VIEW_ALL: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_STOCK: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_ASSIGN: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_SHIP: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_RECEIVE: Rule(_P.TERMINALS_MANAGE, _T.MERCHANT, staff=_P.FLEET),
    Operation.DEVICE_SUSPEND: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_MOVE: Rule(_P.FLEET, _T.STAFF, dual_control=True),
    Operation.DEVICE_REPLACE: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_TAKE_BACK: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_REPORT_LOST: Rule(_P.TERMINALS_MANAGE, _T.MERCHANT, staff=_P.FLEET),
    Operation.DEVICE_SCRAP: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_VERIFY: Rule(_P.FLEET, _T.STAFF),
    Operation.DEVICE_SPEAK: Rule(None, _T.DEVICE),
    Operation.KEYS_LOAD: Rule(_P.KEYS, _T.STAFF),
    Operation.KEYS_REMOTE: Rule(_P.FLEET, _T.STAFF),
    Operation.ACTIVATION_VIEW: Rule(_P.TERMINALS_READ, _T.MERCHANT, staff=_P.FLEET),
    Operation.ACTIVATION_CONFIRM: Rule(_P.TERMINALS_MANAGE, _T.MERCHANT, staff=_P.FLEET),
    Operation.ACTIVATION_SERVICE_POINT: Rule(_P.FLEET, _T.STAFF),
    Operation.ACTIVATION_CALL_OFF: Rule(_P.TERMINALS_MANAGE, _T.MERCHANT, staff=_P.FLEET),
    Operation.ACTIVATION_PHONE: Rule(None, _T.PUBLIC),
    Operation.TERMINAL_SETTINGS_VIEW: Rule(_P.TERMINALS_READ, _T.MERCHANT, staff=_P.FLEET),
    Operation.TERMINAL_SETTINGS_CHANGE: Rule(_P.SETTINGS, _T.MERCHANT, staff=_P.FLEET),
    Operation.TERMINAL_SETTINGS_ACQUIRER: Rule(_P.FLEET, _T.STAFF),
    Operation.REMOTE_ACT_ASK: Rule(_P.TERMINALS_MANAGE, _T.MERCHANT, staff=_P.FLEET),
    Operation.REMOTE_ACT_STAFF: Rule(_P.FLEET, _T.STAFF),
    Operation.TERMINAL_LOG_READ: Rule(_P.FLEET, _T.STAFF),
    # merchants
    Operation.MERCHANT_VIEW: Rule(_P.MERCHANT_READ, _T.MERCHANT, staff=_P.CONSOLE),
    Operation.MERCHANT_CHANGE: Rule(_P.SETTINGS, _T.MERCHANT),
    Operation.MERCHANT_SUSPEND: Rule(_P.RISK, _T.STAFF),
    Operation.SHOP_LIST: Rule(_P.MERCHANT_READ, _T.MERCHANT, staff=_P.CONSOLE),
    Operation.SHOP_ADD: Rule(_P.SHOPS_MANAGE, _T.MERCHANT),
    Operation.SHOP_CHANGE: Rule(_P.SHOPS_MANAGE, _T.MERCHANT),
    Operation.LIMITS_VIEW: Rule(_P.MERCHANT_READ, _T.MERCHANT, staff=_P.CONSOLE),
    Operation.SETTLEMENT_ACCOUNT_VIEW: Rule(_P.FEES_READ, _T.MERCHANT, staff=_P.CONSOLE),
    Operation.SETTLEMENT_ACCOUNT_CHANGE: Rule(
        _P.SETTLEMENT_ACCOUNT,
        _T.MERCHANT,
        moves_money=True,
        dual_control=True,
        for_api_keys=False,
    ),
    Operation.CATEGORY_CHANGE: Rule(
        _P.SETTLEMENT_ACCOUNT, _T.MERCHANT, moves_money=True, dual_control=True, for_api_keys=False
    ),
    # onboarding
    Operation.PRICES_VIEW: Rule(None, _T.PUBLIC),
    Operation.APPLICATION_BEGIN: Rule(None, _T.SELF),
    Operation.APPLICATION_VIEW: Rule(None, _T.SELF, staff=_P.REVIEW),
    Operation.APPLICATION_CHANGE: Rule(None, _T.SELF),
    Operation.APPLICATION_REVIEW: Rule(_P.REVIEW, _T.STAFF),
    Operation.APPLICATION_WORK: Rule(_P.REVIEW, _T.STAFF),
    Operation.PAPER_VIEW: Rule(None, _T.SELF, staff=_P.REVIEW),
    Operation.AGENT_VIEW: Rule(_P.REVIEW, _T.STAFF),
    Operation.AGENT_CHANGE: Rule(_P.REVIEW, _T.STAFF),
    # operators
    Operation.OPERATOR_LIST: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.OPERATOR_ADD: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.OPERATOR_CHANGE: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.OPERATOR_RESET_PIN: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.OPERATOR_PIN_CHANGED: Rule(None, _T.DEVICE),
    Operation.OPERATOR_CHANGED_AT_TERMINAL: Rule(None, _T.DEVICE),
    Operation.FUNCTION_CODE_LIST: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.FUNCTION_CODE_CHANGE: Rule(_P.OPERATORS_MANAGE, _T.MERCHANT, staff=_P.SUPPORT),
    # payments
    Operation.EXCEPTION_WORK: Rule(_P.EXCEPTIONS, _T.STAFF),
    Operation.PAYMENT_LIST: Rule(_P.PAYMENTS_READ, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.PAYMENT_VIEW: Rule(_P.PAYMENTS_READ, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.PAYMENT_SUMMARY: Rule(_P.PAYMENTS_READ, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.PAYMENT_FEED: Rule(_P.PAYMENTS_READ, _T.MERCHANT, staff=_P.SUPPORT),
    Operation.PAYMENT_EXPORT: Rule(_P.PAYMENTS_EXPORT, _T.MERCHANT),
    Operation.TRACE_SAVE: Rule(_P.CONSOLE, _T.STAFF),
    # work
    Operation.WORK_VIEW: Rule(_P.ADMINISTRATION, _T.STAFF),
    Operation.WORK_RUN: Rule(_P.ADMINISTRATION, _T.STAFF),
}
