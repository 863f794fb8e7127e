"""The closed list of rights. Pure: imports no Django.

Portal permissions are held at a merchant, by a person's role there or by an API key's scopes;
staff permissions are held at the acquirer, by staff roles. No right is in both lists.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Permission(StrEnum):
    """One right; the word is what roles, API keys and the audit log say."""

    # At a merchant.
    MERCHANT_READ = "merchant_read"
    PAYMENTS_READ = "payments_read"
    PAYMENTS_EXPORT = "payments_export"
    REFUNDS = "refunds"
    TERMINALS_READ = "terminals_read"
    TERMINALS_MANAGE = "terminals_manage"
    OPERATORS_MANAGE = "operators_manage"
    SHOPS_MANAGE = "shops_manage"
    STAFF_MANAGE = "staff_manage"
    SETTINGS = "settings"
    FEES_READ = "fees_read"
    SETTLEMENT_ACCOUNT = "settlement_account"
    CONTRACT_SIGN = "contract_sign"
    API_KEYS = "api_keys"
    WEBHOOKS = "webhooks"
    AUDIT_READ = "audit_read"
    # At the acquirer.
    CONSOLE = "console"
    REVIEW = "review"
    FLEET = "fleet"
    KEYS = "keys"
    SETTLEMENT = "settlement"
    RISK = "risk"
    SUPPORT = "support"
    AUDITING = "auditing"
    ADMINISTRATION = "administration"
    EXCEPTIONS = "exceptions"


STAFF_PERMISSIONS: Final = frozenset(
    {
        Permission.CONSOLE,
        Permission.REVIEW,
        Permission.FLEET,
        Permission.KEYS,
        Permission.SETTLEMENT,
        Permission.RISK,
        Permission.SUPPORT,
        Permission.AUDITING,
        Permission.ADMINISTRATION,
        Permission.EXCEPTIONS,
    }
)
PORTAL_PERMISSIONS: Final = frozenset(Permission) - STAFF_PERMISSIONS
# An API key acts without a person: it never manages people, keys, contracts or where money goes.
API_KEY_PERMISSIONS: Final = PORTAL_PERMISSIONS - {
    Permission.STAFF_MANAGE,
    Permission.SETTLEMENT_ACCOUNT,
    Permission.CONTRACT_SIGN,
    Permission.API_KEYS,
}
