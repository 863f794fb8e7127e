"""A person's own account, and a merchant's people and roles, in the API."""

from __future__ import annotations

from typing import Annotated

from allauth.usersessions.models import UserSession
from django.utils.translation import gettext_lazy as _
from ninja import Path, Query, Router

from tongbao.platform.access.operations import Operation
from tongbao.platform.access.roles import PortalRole
from tongbao.platform.accounts import contacts, members
from tongbao.platform.accounts.actors import merchants_of
from tongbao.platform.accounts.api_shapes import (
    ChangedMe,
    ChangedMember,
    CodeIn,
    CodeOut,
    MemberOut,
    MeOut,
    MyMerchantOut,
    NewEmail,
    NewMember,
    NewPhone,
    NewRole,
    NoticeOut,
    RoleOut,
    SessionOut,
)
from tongbao.platform.accounts.codes import CodeRefusal, CodeRefusedError
from tongbao.platform.accounts.contacts import ContactRefusal, ContactRefusedError
from tongbao.platform.accounts.members import MemberRefusal, MemberRefusedError
from tongbao.platform.accounts.models import CustomRole, Membership, Notice, User
from tongbao.platform.accounts.notices import notice_words
from tongbao.platform.accounts.places import place_of, place_words
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.pages import page_of
from tongbao.platform.api.problems import Problem, invalid, not_found
from tongbao.platform.api.shapes import (
    MerchantNumber,
    Page,
    PageQuery,
    moment,
    moment_or_none,
)
from tongbao.platform.audit.services import record
from tongbao.platform.merchants.models import Merchant

router = Router(tags=["people"])

Key = Annotated[str, Path(max_length=32)]
_REFUSALS = {
    MemberRefusal.PHONE_MALFORMED: ("phone", _("This is not a mobile number.")),
    MemberRefusal.MORE_THAN_ONESELF: ("role", _("You cannot give rights that you do not have.")),
    MemberRefusal.ROLE_UNKNOWN: ("role_id", _("There is no such role.")),
    MemberRefusal.NAME_TAKEN: ("name", _("There is a role of this name already.")),
    MemberRefusal.NO_RIGHTS: ("permissions", _("Choose at least one right.")),
}
_CONFLICTS = {
    MemberRefusal.IS_MEMBER: _("This person works here already."),
    MemberRefusal.LAST_OWNER: _("One owner must remain."),
    MemberRefusal.ROLE_IN_USE: _("People have this role. Give them another one first."),
}
_CONTACT_REFUSALS = {
    ContactRefusal.EMAIL_MALFORMED: ("email", _("This is not an e-mail address.")),
    ContactRefusal.PHONE_MALFORMED: ("phone", _("This is not a mobile number.")),
    ContactRefusal.WRONG_CODE: (
        "code",
        _("This code is not right or too old. Let us send a new one."),
    ),
}


@router.get("/me", response=MeOut, operation_id="get_me")
@operation(Operation.ME_VIEW)
def get_me(request: ApiRequest) -> MeOut:
    """Tell who is logged in."""
    return _me(request, _self(request))


@router.patch("/me", response=MeOut, operation_id="change_me")
@operation(Operation.ME_CHANGE)
def change_me(request: ApiRequest, body: ChangedMe) -> MeOut:
    """Change one's name or language."""
    user = _self(request)
    changes = body.model_dump(exclude_unset=True, exclude_none=True)
    before = {name: getattr(user, name) for name in changes}
    for name, value in changes.items():
        setattr(user, name, value)
    user.save(update_fields=list(changes))
    record(
        request.actor,
        Operation.ME_CHANGE,
        now_us=request.now_us,
        target=("user", str(user.pk)),
        before=before,
        after=changes,
    )
    return _me(request, user)


@router.post("/me/email", response={202: CodeOut}, operation_id="ask_for_my_email")
@operation(Operation.ME_CONTACT, asks_others=True)
def ask_for_my_email(request: ApiRequest, body: NewEmail) -> CodeOut:
    """Have a code sent to a new e-mail address; nothing changes before it is given back."""
    try:
        row = contacts.ask_for_email(request.actor, body.email, now_us=request.now_us)
    except (ContactRefusedError, CodeRefusedError) as error:
        raise _contact_problem(error, "email") from None
    return CodeOut(sent_to=contacts.masked(row.sent_to), expires_at=moment(row.expires_at_us))


@router.post("/me/email/confirm", response=MeOut, operation_id="confirm_my_email")
@operation(Operation.ME_CONTACT, asks_others=True)
def confirm_my_email(request: ApiRequest, body: CodeIn) -> MeOut:
    """Take the code; the old address and the phone are told."""
    try:
        user = contacts.confirm_email(request.actor, body.code, now_us=request.now_us)
    except ContactRefusedError as error:
        raise _contact_problem(error, "email") from None
    return _me(request, user)


@router.post("/me/phone", response={202: CodeOut}, operation_id="ask_for_my_phone")
@operation(Operation.ME_CONTACT, asks_others=True)
def ask_for_my_phone(request: ApiRequest, body: NewPhone) -> CodeOut:
    """Have a code sent to a new mobile number; nothing changes before it is given back."""
    try:
        row = contacts.ask_for_phone(request.actor, body.phone, now_us=request.now_us)
    except (ContactRefusedError, CodeRefusedError) as error:
        raise _contact_problem(error, "phone") from None
    return CodeOut(sent_to=contacts.masked(row.sent_to), expires_at=moment(row.expires_at_us))


@router.post("/me/phone/confirm", response=MeOut, operation_id="confirm_my_phone")
@operation(Operation.ME_CONTACT, asks_others=True)
def confirm_my_phone(request: ApiRequest, body: CodeIn) -> MeOut:
    """Take the code; the old number and the e-mail address are told."""
    try:
        user = contacts.confirm_phone(request.actor, body.code, now_us=request.now_us)
    except ContactRefusedError as error:
        raise _contact_problem(error, "phone") from None
    return _me(request, user)


@router.get("/me/merchants", response=Page[MyMerchantOut], operation_id="list_my_merchants")
@operation(Operation.ME_VIEW)
def list_my_merchants(request: ApiRequest) -> Page[MyMerchantOut]:
    """List the merchants one works for, a chain's one by one."""
    roles: dict[str, str] = {}
    for member in Membership.objects.filter(user_id=request.actor.actor_id, until_us=None):
        for merchant_id in merchants_of(member):
            roles.setdefault(merchant_id, member.role)
    merchants = Merchant.objects.filter(pk__in=roles).order_by("pk")
    return Page[MyMerchantOut](
        items=[
            MyMerchantOut(
                merchant_id=one.pk,
                name=one.name,
                name_en=one.name_en,
                chain_id=one.chain_id,
                status=one.status,
                role=roles[one.pk],
                permissions=sorted(request.actor.memberships[one.pk]),
            )
            for one in merchants
        ],
        next_cursor=None,
    )


@router.get("/me/sessions", response=Page[SessionOut], operation_id="list_my_sessions")
@operation(Operation.ME_SESSIONS, asks_others=True)
def list_my_sessions(request: ApiRequest) -> Page[SessionOut]:
    """List where one is logged in: device, address, town and times."""
    sessions = UserSession.objects.purge_and_list(_self(request))
    key = request.session.session_key
    return Page[SessionOut](
        items=[
            SessionOut(
                session_id=one.pk,
                device=one.user_agent,
                address=one.ip,
                place=place_words(one.ip, place_of(one.ip, now_us=request.now_us)),
                since=one.created_at,
                last_seen_at=one.last_seen_at,
                is_this_one=one.session_key == key,
            )
            for one in sorted(sessions, key=lambda one: one.last_seen_at, reverse=True)
        ],
        next_cursor=None,
    )


@router.delete("/me/sessions/{session_id}", response={204: None}, operation_id="end_my_session")
@operation(Operation.ME_SESSIONS)
def end_my_session(
    request: ApiRequest, session_id: Annotated[int, Path(ge=1, le=2**63 - 1)]
) -> None:
    """End one of one's own log-ins at once."""
    session = UserSession.objects.filter(pk=session_id, user_id=request.actor.actor_id).first()
    if session is None:
        raise not_found()
    session.end()
    record(
        request.actor,
        Operation.ME_SESSIONS,
        now_us=request.now_us,
        target=("session", str(session_id)),
    )


@router.get("/me/notices", response=Page[NoticeOut], operation_id="list_my_notices")
@operation(Operation.ME_NOTICES)
def list_my_notices(request: ApiRequest, query: Query[PageQuery]) -> Page[NoticeOut]:
    """List what one should know about one's account, newest first."""
    rows = Notice.objects.filter(user_id=request.actor.actor_id)
    found, cursor = page_of(
        rows,
        query,
        order=("-at_us", "notice_id"),
        name=f"notices:{request.actor.actor_id}",
    )
    return Page[NoticeOut](items=[_notice(one) for one in found], next_cursor=cursor)


@router.post("/me/notices/{notice_id}/read", response=NoticeOut, operation_id="read_my_notice")
@operation(Operation.ME_NOTICES)
def read_my_notice(request: ApiRequest, notice_id: Key) -> NoticeOut:
    """Note that a notice was read."""
    mine = Notice.objects.filter(pk=notice_id, user_id=request.actor.actor_id)
    mine.filter(read_at_us=None).update(read_at_us=request.now_us)
    return _notice(mine.get())


@router.get("/merchants/{merchant_id}/staff", response=Page[MemberOut], operation_id="list_members")
@operation(Operation.MEMBER_LIST)
def list_members(
    request: ApiRequest, merchant_id: MerchantNumber, query: Query[PageQuery]
) -> Page[MemberOut]:
    """List who works for a merchant now."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    rows = Membership.objects.filter(merchant=merchant, until_us=None)
    rows = rows.select_related("user", "custom_role")
    found, cursor = page_of(
        rows, query, order=("since_us", "membership_id"), name=f"members:{merchant_id}"
    )
    return Page[MemberOut](items=[_member(one) for one in found], next_cursor=cursor)


@router.post(
    "/merchants/{merchant_id}/staff", response={201: MemberOut}, operation_id="invite_member"
)
@operation(Operation.MEMBER_INVITE, asks_others=True)
def invite_member(request: ApiRequest, merchant_id: MerchantNumber, body: NewMember) -> MemberOut:
    """Invite somebody by their phone; who is new here gets a link to choose a password."""
    who = members.Invitation(
        phone=body.phone,
        display_name=body.display_name,
        role=PortalRole(body.role),
        role_id=body.role_id or "",
        link=request.build_absolute_uri("/portal/invitation/"),
    )
    try:
        member = members.invite(request.actor, merchant_id, who, now_us=request.now_us)
    except MemberRefusedError as error:
        raise _problem(error) from None
    except CodeRefusedError:
        words = _("The place is kept, but the message could not be sent. Invite again later.")
        raise Problem(503, "not_delivered", words) from None
    return _member(member)


@router.patch(
    "/merchants/{merchant_id}/staff/{membership_id}",
    response=MemberOut,
    operation_id="change_member",
)
@operation(Operation.MEMBER_CHANGE)
def change_member(
    request: ApiRequest, merchant_id: MerchantNumber, membership_id: Key, body: ChangedMember
) -> MemberOut:
    """Give a member another role."""
    try:
        member = members.change_member(
            request.actor,
            merchant_id,
            membership_id,
            PortalRole(body.role),
            role_id=body.role_id or "",
            now_us=request.now_us,
        )
    except MemberRefusedError as error:
        raise _problem(error) from None
    return _member(member)


@router.delete(
    "/merchants/{merchant_id}/staff/{membership_id}",
    response={204: None},
    operation_id="end_member",
)
@operation(Operation.MEMBER_END)
def end_member(request: ApiRequest, merchant_id: MerchantNumber, membership_id: Key) -> None:
    """Send a member away at once."""
    try:
        members.end_member(request.actor, merchant_id, membership_id, now_us=request.now_us)
    except MemberRefusedError as error:
        raise _problem(error) from None


@router.get("/merchants/{merchant_id}/roles", response=Page[RoleOut], operation_id="list_roles")
@operation(Operation.ROLE_LIST)
def list_roles(request: ApiRequest, merchant_id: MerchantNumber) -> Page[RoleOut]:
    """List the merchant's own roles."""
    del request
    merchant = Merchant.objects.get(pk=merchant_id)
    rows = members.open_roles(merchant.pk).order_by("name")
    return Page[RoleOut](items=[_role(one) for one in rows], next_cursor=None)


@router.post("/merchants/{merchant_id}/roles", response={201: RoleOut}, operation_id="add_role")
@operation(Operation.ROLE_ADD)
def add_role(request: ApiRequest, merchant_id: MerchantNumber, body: NewRole) -> RoleOut:
    """Make a role of the merchant's own."""
    try:
        role = members.add_role(
            request.actor, merchant_id, body.name, body.permissions, now_us=request.now_us
        )
    except MemberRefusedError as error:
        raise _problem(error) from None
    return _role(role)


@router.delete(
    "/merchants/{merchant_id}/roles/{role_id}", response={204: None}, operation_id="end_role"
)
@operation(Operation.ROLE_END)
def end_role(request: ApiRequest, merchant_id: MerchantNumber, role_id: Key) -> None:
    """Retire a role of the merchant's own that nobody has any more."""
    try:
        members.end_role(request.actor, merchant_id, role_id, now_us=request.now_us)
    except MemberRefusedError as error:
        raise _problem(error) from None


def _self(request: ApiRequest) -> User:
    return User.objects.get(pk=request.actor.actor_id)


def _me(request: ApiRequest, user: User) -> MeOut:
    return MeOut(
        user_id=str(user.pk),
        name=user.username,
        display_name=user.display_name,
        phone=user.phone,
        email=user.email,
        is_email_proven=user.is_email_proven,
        language=user.language,
        is_staff=user.is_staff,
        second_factor_at=moment_or_none(request.actor.second_factor_at_us),
        unread_notices=Notice.objects.filter(user=user, read_at_us=None).count(),
    )


def _notice(notice: Notice) -> NoticeOut:
    return NoticeOut(
        notice_id=notice.pk,
        kind=notice.kind,
        words=notice_words(notice.kind, notice.detail),
        at=moment(notice.at_us),
        read_at=moment_or_none(notice.read_at_us),
    )


def _member(member: Membership) -> MemberOut:
    user = member.user
    return MemberOut(
        membership_id=member.pk,
        display_name=user.display_name,
        phone=user.phone or user.pending_phone or None,
        role=member.role,
        role_id=member.custom_role_id,
        role_name=member.custom_role.name if member.custom_role else None,
        permissions=sorted(members.rights_of(member)),
        since=moment(member.since_us),
        is_waiting=not user.has_usable_password(),
        last_log_in_at=user.last_login,
    )


def _role(role: CustomRole) -> RoleOut:
    return RoleOut(
        role_id=role.pk,
        name=role.name,
        permissions=list(role.permissions),
        members=getattr(role, "members", 0),
    )


def _later(error: CodeRefusedError) -> dict[str, str]:
    return {"Retry-After": str(error.wait_s)} if error.wait_s else {}


def _contact_problem(error: ContactRefusedError | CodeRefusedError, field: str) -> Problem:
    if isinstance(error, ContactRefusedError):
        if error.refusal is ContactRefusal.IS_YOURS:
            return invalid(field, _("You have this one already."), "is_yours")
        name, words = _CONTACT_REFUSALS[error.refusal]
        return invalid(name, words, error.refusal.value)
    if error.refusal is CodeRefusal.NOT_DELIVERED:
        words = _("The message could not be sent. Try again.")
        return Problem(503, "not_delivered", words)
    words = _("A code was sent a moment ago. Wait a minute.")
    if error.refusal is CodeRefusal.TOO_MANY:
        words = _("Too many codes today. Try again tomorrow.")
    return Problem(429, error.refusal.value, words, headers=_later(error))


def _problem(error: MemberRefusedError) -> Problem:
    if error.refusal is MemberRefusal.UNKNOWN:
        return not_found()
    if error.refusal in _CONFLICTS:
        return Problem(409, error.refusal.value, _CONFLICTS[error.refusal])
    field, words = _REFUSALS[error.refusal]
    return invalid(field, words, error.refusal.value)
