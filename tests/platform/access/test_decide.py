"""The decision by itself: a table of who may do what, and where."""

import pytest

from tongbao.platform.access.actor import ANONYMOUS, SYSTEM, Actor, ActorKind
from tongbao.platform.access.decide import SECOND_FACTOR_FRESH_US, Decision, decide
from tongbao.platform.access.operations import OPERATIONS, Operation, Tenant
from tongbao.platform.access.permissions import (
    API_KEY_PERMISSIONS,
    PORTAL_PERMISSIONS,
    STAFF_PERMISSIONS,
    Permission,
)
from tongbao.platform.access.roles import (
    PORTAL_ROLES,
    STAFF_ROLES,
    PortalRole,
    StaffRole,
    portal_permissions,
    staff_permissions,
)

NOW = 1_795_226_400_000_000
OURS, THEIRS = "898110059990001", "898110059990002"


def person(*rights, factor=None, kind=ActorKind.PERSON, roles=()):
    return Actor(
        kind=kind,
        actor_id="7",
        name="lilei",
        memberships={OURS: frozenset(rights)} if rights else {},
        staff_roles=frozenset(roles),
        second_factor_at_us=factor,
    )


def staff(*roles, factor=NOW):
    return person(kind=ActorKind.STAFF, roles=roles, factor=factor)


def api_key(*scopes):
    return Actor(
        kind=ActorKind.API_KEY,
        actor_id="key_1",
        name="till",
        memberships={OURS: PORTAL_PERMISSIONS},
        scopes=frozenset(scopes),
    )


DEVICE = Actor(kind=ActorKind.DEVICE, actor_id="TB26110001", name="TB26110001")


def ask(actor, operation, **place):
    return decide(actor, operation, now_us=NOW, **place)


@pytest.mark.parametrize("operation", Operation)
def test_every_operation_has_a_row(operation):
    rule = OPERATIONS[operation]
    assert (rule.permission is None) == (rule.tenant in (Tenant.PUBLIC, Tenant.SELF, Tenant.DEVICE))
    if rule.tenant is Tenant.STAFF:
        assert rule.permission in STAFF_PERMISSIONS
        assert rule.staff is None
    if rule.tenant is Tenant.MERCHANT:
        assert rule.permission in PORTAL_PERMISSIONS
    assert rule.staff is None or rule.staff in STAFF_PERMISSIONS


@pytest.mark.parametrize("operation", Operation)
def test_the_system_may_and_a_stranger_only_what_is_public(operation):
    place = {"merchant_id": OURS}
    assert ask(SYSTEM, operation, **place) is Decision.ALLOWED
    public = OPERATIONS[operation].tenant is Tenant.PUBLIC
    wanted = Decision.ALLOWED if public else Decision.NOT_LOGGED_IN
    assert ask(ANONYMOUS, operation, **place) is wanted


def test_a_member_may_what_the_role_says_and_another_merchant_does_not_exist():
    reader = person(Permission.AUDIT_READ)
    assert ask(reader, Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.ALLOWED
    assert ask(reader, Operation.AUDIT_VIEW, merchant_id=THEIRS) is Decision.HIDDEN
    assert ask(reader, Operation.MEMBER_LIST, merchant_id=OURS) is Decision.FORBIDDEN
    assert ask(reader, Operation.MEMBER_LIST, merchant_id=THEIRS) is Decision.HIDDEN
    assert ask(reader, Operation.CONSOLE_VIEW) is Decision.FORBIDDEN


def test_staff_reach_a_merchant_by_their_own_right_only():
    auditor, fleet = staff(StaffRole.AUDITOR), staff(StaffRole.FLEET)
    assert ask(auditor, Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.ALLOWED
    assert ask(fleet, Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.FORBIDDEN
    assert ask(auditor, Operation.MEMBER_INVITE, merchant_id=OURS) is Decision.FORBIDDEN


def test_staff_without_a_second_factor_open_nothing():
    waiting = staff(*StaffRole, factor=None)
    assert ask(waiting, Operation.CONSOLE_VIEW) is Decision.SECOND_FACTOR_NEEDED
    assert ask(waiting, Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.SECOND_FACTOR_NEEDED
    assert ask(waiting, Operation.ME_CREDENTIALS) is Decision.ALLOWED


@pytest.mark.parametrize(
    ("shown", "decision"),
    [
        (None, Decision.SECOND_FACTOR_NEEDED),
        (NOW - SECOND_FACTOR_FRESH_US - 1, Decision.SECOND_FACTOR_NEEDED),
        (NOW - SECOND_FACTOR_FRESH_US, Decision.ALLOWED),
        (NOW, Decision.ALLOWED),
    ],
)
def test_what_moves_money_needs_a_second_factor_of_the_last_ten_minutes(shown, decision):
    owner = person(Permission.STAFF_MANAGE, factor=shown)
    assert ask(owner, Operation.MEMBER_INVITE, merchant_id=OURS) is decision
    assert ask(owner, Operation.MEMBER_LIST, merchant_id=OURS) is Decision.ALLOWED


def test_an_api_key_may_what_it_was_made_for_and_never_what_needs_a_person():
    key = api_key(Permission.AUDIT_READ, Permission.STAFF_MANAGE)
    assert ask(key, Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.ALLOWED
    assert ask(key, Operation.AUDIT_VIEW, merchant_id=THEIRS) is Decision.HIDDEN
    assert ask(key, Operation.MEMBER_INVITE, merchant_id=OURS) is Decision.FORBIDDEN
    assert ask(key, Operation.ME_VIEW) is Decision.FORBIDDEN
    assert ask(key, Operation.CONSOLE_VIEW) is Decision.FORBIDDEN
    assert ask(api_key(), Operation.AUDIT_VIEW, merchant_id=OURS) is Decision.FORBIDDEN


def test_a_device_may_nothing_of_people():
    for operation, rule in OPERATIONS.items():
        if rule.tenant in (Tenant.SELF, Tenant.STAFF):
            assert ask(DEVICE, operation) is Decision.FORBIDDEN
        if rule.tenant is Tenant.MERCHANT:
            assert ask(DEVICE, operation, merchant_id=OURS) is Decision.HIDDEN


def test_what_belongs_to_another_person_does_not_exist():
    assert ask(person(), Operation.ME_VIEW, owner_id="7") is Decision.ALLOWED
    assert ask(person(), Operation.ME_VIEW, owner_id="8") is Decision.HIDDEN
    assert ask(staff(*StaffRole), Operation.ME_VIEW, owner_id="8") is Decision.HIDDEN


def test_a_merchants_operation_must_say_whose():
    with pytest.raises(ValueError, match="name it"):
        ask(person(), Operation.AUDIT_VIEW)


def test_no_staff_role_has_a_right_of_merchants_and_no_portal_role_one_of_staff():
    assert all(rights <= STAFF_PERMISSIONS for rights in STAFF_ROLES.values())
    assert all(rights <= PORTAL_PERMISSIONS for rights in PORTAL_ROLES.values())
    assert set(STAFF_ROLES) == set(StaffRole)
    assert set(PORTAL_ROLES) == set(PortalRole)
    assert staff_permissions(StaffRole) == STAFF_PERMISSIONS
    assert all(Permission.CONSOLE in rights for rights in STAFF_ROLES.values())
    assert Permission.STAFF_MANAGE not in API_KEY_PERMISSIONS


def test_a_custom_role_has_the_listed_rights_of_a_merchant_and_no_others():
    words = ["payments_read", "administration", "nonsense"]
    assert portal_permissions(PortalRole.CUSTOM, words) == {Permission.PAYMENTS_READ}
    assert portal_permissions(PortalRole.READ_ONLY, ["refunds"]) == PORTAL_ROLES["read_only"]


def test_the_administrator_holds_neither_keys_nor_money():
    rights = STAFF_ROLES[StaffRole.ADMINISTRATOR]
    assert not rights & {Permission.KEYS, Permission.SETTLEMENT, Permission.RISK}
