"""Turns the person of a session into an actor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tongbao.platform.access.actor import ANONYMOUS, Actor, ActorKind
from tongbao.platform.access.roles import PortalRole, StaffRole, portal_permissions
from tongbao.platform.accounts.attempts import address_of
from tongbao.platform.accounts.models import Membership, StaffRoleGrant
from tongbao.platform.accounts.second_factor import second_factor_at_us
from tongbao.platform.merchants.models import Merchant

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tongbao.platform.access.permissions import Permission

DEVICE_LENGTH_MAX = 200
# What the user names begin with that are made for people who log in by phone.
PERSON = "person"


def actor_of_request(request: HttpRequest) -> Actor:
    """Return the actor of a request with a session; ANONYMOUS's rights when nobody logged in."""
    user = request.user
    address = address_of(request)
    device = request.headers.get("User-Agent", "")[:DEVICE_LENGTH_MAX]
    if not (user.is_authenticated and user.is_active):
        return Actor(kind=ANONYMOUS.kind, actor_id="", name="", address=address, device=device)
    return actor_of_user(
        user,
        second_factor_at_us=second_factor_at_us(request),
        address=address,
        device=device,
    )


def actor_of_user(
    user: Any, *, second_factor_at_us: int | None, address: str = "", device: str = ""
) -> Actor:
    """Return the actor that a person is, with the rights of today's roles and memberships."""
    roles = frozenset(
        StaffRole(grant.role)
        for grant in StaffRoleGrant.objects.filter(user=user, ended_at_us=None)
    )
    return Actor(
        kind=ActorKind.STAFF if user.is_staff else ActorKind.PERSON,
        actor_id=str(user.pk),
        name=shown_name(user),
        staff_roles=roles if user.is_staff else frozenset(),
        memberships=memberships_of(user),
        second_factor_at_us=second_factor_at_us,
        address=address,
        device=device,
    )


def shown_name(user: Any) -> str:
    """Return what colleagues read beside a person's acts; a made user name tells them nothing."""
    username: str = user.get_username()
    if user.is_staff or not username.startswith(f"{PERSON}_"):
        return username
    phone: str = user.phone or user.pending_phone
    return user.display_name or (f"{phone[:-8]}****{phone[-4:]}" if phone else username)


def memberships_of(user: Any) -> dict[str, frozenset[Permission]]:
    """Return merchant number → rights there, a chain's roles spread over its merchants."""
    held: dict[str, frozenset[Permission]] = {}
    for membership in Membership.objects.filter(user=user, until_us=None):
        rights = portal_permissions(PortalRole(membership.role), membership.permissions)
        for merchant_id in merchants_of(membership):
            held[merchant_id] = held.get(merchant_id, frozenset()) | rights
    return held


def merchants_of(membership: Membership) -> list[str]:
    """Return the merchants that a membership reaches."""
    if membership.merchant_id:
        return [membership.merchant_id]
    of_chain = Merchant.objects.filter(chain_id=membership.chain_id)
    return list(of_chain.values_list("pk", flat=True))
