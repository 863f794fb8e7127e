"""Who acts: a person, staff, an API key, a device or the system. Pure: imports no Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from tongbao.platform.access.permissions import Permission
from tongbao.platform.access.roles import StaffRole

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOWHERE: Final[Mapping[str, frozenset[Permission]]] = MappingProxyType({})


class ActorKind(StrEnum):
    """What kind of actor it is."""

    ANONYMOUS = "anonymous"
    PERSON = "person"
    STAFF = "staff"
    API_KEY = "api_key"
    DEVICE = "device"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody who asks for something, with all that decides whether they may.

    `actor_id`: the user's key, the API key's id or the device's serial number.
    `memberships`: merchant number → rights there; a chain's merchants are listed one by one. An
    API key has its one merchant there, and in `scopes` what it was made for.
    `second_factor_at_us`: when the second factor was shown last in this log-in, else None.
    `address`, `device`: where the request came from and what the browser calls itself.
    """

    kind: ActorKind
    actor_id: str
    name: str
    staff_roles: frozenset[StaffRole] = frozenset()
    memberships: Mapping[str, frozenset[Permission]] = field(default_factory=lambda: _NOWHERE)
    scopes: frozenset[Permission] = frozenset()
    second_factor_at_us: int | None = None
    address: str = ""
    device: str = ""


ANONYMOUS: Final = Actor(kind=ActorKind.ANONYMOUS, actor_id="", name="")
SYSTEM: Final = Actor(kind=ActorKind.SYSTEM, actor_id="system", name="system")
