"""Roles as sets of rights: of the acquirer's staff, and of a merchant's people. Pure."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

from tongbao.platform.access.permissions import PORTAL_PERMISSIONS, Permission

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class StaffRole(StrEnum):
    """What a member of the acquirer's staff is; one person may be several."""

    REVIEWER = "reviewer"
    FLEET = "fleet"
    KEY_CUSTODIAN = "key_custodian"
    SETTLEMENT = "settlement"
    RISK = "risk"
    SUPPORT = "support"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class PortalRole(StrEnum):
    """What a person is at a merchant or a chain; CUSTOM names its rights one by one."""

    OWNER = "owner"
    MANAGER = "manager"
    ACCOUNTANT = "accountant"
    SUPPORT = "support"
    READ_ONLY = "read_only"
    CUSTOM = "custom"


# The administrator makes people and roles and holds neither keys nor money; the auditor reads
# everything and changes nothing.
STAFF_ROLES: Final[Mapping[StaffRole, frozenset[Permission]]] = {
    StaffRole.REVIEWER: frozenset({Permission.CONSOLE, Permission.REVIEW}),
    StaffRole.FLEET: frozenset({Permission.CONSOLE, Permission.FLEET}),
    StaffRole.KEY_CUSTODIAN: frozenset({Permission.CONSOLE, Permission.KEYS}),
    StaffRole.SETTLEMENT: frozenset(
        {Permission.CONSOLE, Permission.SETTLEMENT, Permission.EXCEPTIONS}
    ),
    StaffRole.RISK: frozenset({Permission.CONSOLE, Permission.RISK, Permission.EXCEPTIONS}),
    StaffRole.SUPPORT: frozenset({Permission.CONSOLE, Permission.SUPPORT, Permission.EXCEPTIONS}),
    StaffRole.AUDITOR: frozenset({Permission.CONSOLE, Permission.AUDITING}),
    StaffRole.ADMINISTRATOR: frozenset(
        {
            Permission.CONSOLE,
            Permission.ADMINISTRATION,
            Permission.SUPPORT,
            Permission.FLEET,
            Permission.EXCEPTIONS,
        }
    ),
}

_READING = frozenset(
    {Permission.MERCHANT_READ, Permission.PAYMENTS_READ, Permission.TERMINALS_READ}
)
PORTAL_ROLES: Final[Mapping[PortalRole, frozenset[Permission]]] = {
    PortalRole.OWNER: PORTAL_PERMISSIONS,
    PortalRole.MANAGER: _READING
    | {
        Permission.PAYMENTS_EXPORT,
        Permission.REFUNDS,
        Permission.TERMINALS_MANAGE,
        Permission.OPERATORS_MANAGE,
        Permission.SHOPS_MANAGE,
        Permission.SETTINGS,
        Permission.AUDIT_READ,
    },
    PortalRole.ACCOUNTANT: _READING | {Permission.PAYMENTS_EXPORT, Permission.FEES_READ},
    PortalRole.SUPPORT: _READING | {Permission.OPERATORS_MANAGE},
    PortalRole.READ_ONLY: _READING,
    PortalRole.CUSTOM: frozenset(),
}


def staff_permissions(roles: Iterable[StaffRole]) -> frozenset[Permission]:
    """Return what these staff roles may do together."""
    return frozenset[Permission]().union(*(STAFF_ROLES[role] for role in roles))


def portal_permissions(role: PortalRole, custom: Iterable[str] = ()) -> frozenset[Permission]:
    """Return what a portal role may do; words of `custom` that are no portal right give nothing."""
    if role is not PortalRole.CUSTOM:
        return PORTAL_ROLES[role]
    return frozenset(right for right in PORTAL_PERMISSIONS if right.value in set(custom))
