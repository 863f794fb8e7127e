"""Bodies and answers of the API about people."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from tongbao.platform.access.permissions import PORTAL_PERMISSIONS, Permission
from tongbao.platform.api.shapes import In, Out, Words

Language = Literal["zh-hans", "en"]
RoleWord = Literal["owner", "manager", "accountant", "support", "read_only", "custom"]


class MeOut(Out):
    """Who is logged in."""

    user_id: str
    name: str
    display_name: str
    phone: str | None
    email: str | None
    is_email_proven: bool
    language: str
    is_staff: bool
    second_factor_at: datetime | None
    unread_notices: int


class ChangedMe(In):
    """What one may change about oneself."""

    display_name: Annotated[Words, Field(max_length=64)] | None = None
    language: Language | None = None


class NewEmail(In):
    """The e-mail address that one wants to have."""

    email: Annotated[Words, Field(max_length=254)]


class NewPhone(In):
    """The mobile number that one wants to have."""

    phone: Annotated[Words, Field(max_length=20)]


class CodeOut(Out):
    """Where a code was sent, not in full, and how long it is good."""

    sent_to: str
    expires_at: datetime


class CodeIn(In):
    """The code that came."""

    code: Annotated[Words, Field(max_length=16)]


class MyMerchantOut(Out):
    """A merchant one works for, with one's rights there."""

    merchant_id: str
    name: str
    name_en: str
    chain_id: str | None
    status: str
    role: str
    permissions: list[str]


class SessionOut(Out):
    """One log-in: with which device, from where, since when; `place` says when nobody knows it."""

    session_id: int
    device: str
    address: str
    place: str
    since: datetime
    last_seen_at: datetime
    is_this_one: bool


class NoticeOut(Out):
    """Something one should know; `words` is in the reader's language."""

    notice_id: str
    kind: str
    words: str
    at: datetime
    read_at: datetime | None


class MemberOut(Out):
    """Somebody who works for a merchant; `is_waiting` until they chose a password.

    `role_id` and `role_name` name the merchant's own role when `role` is `custom`.
    """

    membership_id: str
    display_name: str
    phone: str | None
    role: str
    role_id: str | None
    role_name: str | None
    permissions: list[str]
    since: datetime
    is_waiting: bool
    last_log_in_at: datetime | None


class NewMember(In):
    """Somebody to invite; `role_id` names the merchant's own role when `role` is `custom`."""

    phone: Annotated[Words, Field(max_length=20)]
    display_name: Annotated[Words, Field(max_length=64)]
    role: RoleWord
    role_id: Annotated[str, Field(max_length=32)] | None = None


class ChangedMember(In):
    """Another role for a member."""

    role: RoleWord
    role_id: Annotated[str, Field(max_length=32)] | None = None


class RoleOut(Out):
    """A merchant's own role and how many people have it."""

    role_id: str
    name: str
    permissions: list[str]
    members: int


class NewRole(In):
    """A role to be made from the closed list of rights."""

    name: Annotated[Words, Field(max_length=64)]
    permissions: Annotated[
        list[Permission], Field(min_length=1, max_length=len(PORTAL_PERMISSIONS))
    ]
