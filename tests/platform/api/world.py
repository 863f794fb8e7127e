"""A merchant with something of everything, for questions to the whole API.

`stand_in(folder)` gives the process what a platform's settings give; `populate` fills the database
and returns the owner with ids that exist. A *place* is one set of ids that belong together.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.platform.api.conformance import Asker
from tests.platform.api.conftest import OWN, Caller, member
from tests.platform.api.prepared import prepared
from tests.platform.conftest import add_user
from tests.platform.fleet.conftest import fleet_settings
from tests.platform.fleet.stage import FLEET, Machine, beat, new_devices, self_test
from tests.platform.onboarding.applicants import ACCOUNT_NUMBERS, credit_code
from tests.platform.onboarding.conftest import (
    BANK_HOLDERS,
    KEY,
    code_sent,
    fill_in,
    signature_picture,
    to_review,
)
from tests.platform.seed import seed
from tongbao.platform.access.actor import SYSTEM, Actor
from tongbao.platform.access.permissions import Permission
from tongbao.platform.access.roles import PortalRole, StaffRole
from tongbao.platform.fleet.activation_rules import Method
from tongbao.platform.onboarding.tiers import Tier
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.wire.device.health import ActKind
from tongbao.wire.device.settings import OperatorRole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERIALS = {"home": "TB26900001", "arriving": "TB26900002", "starting": "TB26900003"}
BARE_TERMINAL = "00000001"


@dataclass
class World:
    """The owner, ids by place and path parameter, and what a form may hold besides.

    Every place has every parameter; where a place has none of its own it has that of `home`.
    `told`: codes that were shown or sent, by what they are for. `others`: the providers.
    """

    owner: Any
    places: dict[str, dict[str, str]]
    others: Any
    told: dict[str, str] = field(default_factory=dict)
    serials: dict[str, str] = field(default_factory=lambda: dict(SERIALS))
    elsewhere: str = ""

    @property
    def home(self) -> dict[str, str]:
        """The merchant that has everything."""
        return self.places["home"]


@contextmanager
def stand_in(folder: Path) -> Iterator[Any]:
    """Set what a platform's process would read from its settings; yields the providers."""
    from django.test import override_settings

    from tongbao.platform.providers.registry import using_providers

    with ExitStack() as stack:
        stack.enter_context(override_settings(TONGBAO_DATA_KEY=KEY))
        stack.enter_context(fleet_settings(folder))
        others = stack.enter_context(using_providers(in_memory_providers()))
        for tier, number in ACCOUNT_NUMBERS.items():
            others.bank.accounts[number] = (BANK_HOLDERS[tier], False)
        yield others


def populate(database_url: str, others: Any) -> World:
    """Fill the default database; must run inside `stand_in`."""
    from tongbao.platform import clock

    now_us = clock.now_us()
    stories = seed(database_url)
    owner = member("hanmei")
    world = World(owner, {"home": {"merchant_id": OWN}}, others)
    world.home["rrn"] = f"{stories['approved'] - 10**15:012}"
    _account_of_owner(world, now_us)
    _software(world, now_us)
    _people(world, now_us)
    _shop(world, now_us)
    _devices(world, now_us)
    _applications(world, now_us)
    world.places["bare"] = {"terminal_id": BARE_TERMINAL}
    for place in world.places.values():
        for parameter, value in world.home.items():
            place.setdefault(parameter, value)
    return world


def actor_of(world: World, now_us: int) -> Actor:
    """Return the owner as somebody who showed a second factor a moment ago."""
    from tongbao.platform.accounts.actors import actor_of_user
    from tongbao.platform.accounts.models import User

    return actor_of_user(User.objects.get(pk=world.owner.pk), second_factor_at_us=now_us)


def asker_of(world: World) -> Asker:
    """Return the owner as the campaign has them ask: each time with a log-in of a moment ago."""

    def identity() -> tuple[dict[str, str], dict[str, str]]:
        from django.contrib.sessions.models import Session

        kept = Session.objects.get(pk=world.elsewhere)
        Session.objects.exclude(pk=kept.pk).delete()
        return session_of(Caller(world.owner))

    return Asker(identity, world.places, prepared(world))


def session_of(caller: Caller) -> tuple[dict[str, str], dict[str, str]]:
    """Return the headers and cookies of the caller's session, with a CSRF token that fits."""
    token = caller.get("/csrf-token").json()["csrf_token"]
    cookies = {name: morsel.value for name, morsel in caller.client.cookies.items()}
    return {"X-CSRFToken": token, "Accept-Language": "en"}, cookies


def _account_of_owner(world: World, now_us: int) -> None:
    from allauth.usersessions.models import UserSession

    from tongbao.platform.accounts.codes import PAUSE_US, CodePurpose, Post, send_code
    from tongbao.platform.accounts.notices import NoticeKind, notify
    from tongbao.platform.accounts.places import place_of

    for purpose, to in (
        (CodePurpose.NEW_EMAIL, "lin@example.org"),
        (CodePurpose.NEW_PHONE, "+8619900008765"),
    ):
        sent_at_us = now_us - 2 * PAUSE_US
        send_code(world.owner, purpose, now_us=sent_at_us, post=Post(to=to))
        newest = world.others.mail.sent if "@" in to else world.others.sms.sent
        world.told[purpose.value] = re.search(r"\d{6}", newest[-1].text)[0]
    place_of("192.0.2.7", now_us=now_us)
    notice = notify(world.owner, NoticeKind.NEW_DEVICE, {"address": "192.0.2.7"}, now_us=now_us)
    world.elsewhere = Caller(world.owner).client.session.session_key
    session = UserSession.objects.create(
        user=world.owner,
        ip="192.0.2.7",
        user_agent="an older phone",
        session_key=world.elsewhere,
    )
    world.home.update(notice_id=notice.pk, session_id=str(session.pk))


def _software(world: World, now_us: int) -> None:
    from tongbao.platform.api import keys, webhooks
    from tongbao.platform.api.models import WebhookDelivery

    made = keys.make_key(SYSTEM, OWN, name="till", scopes=[], expires_at_us=None, now_us=now_us)
    endpoint, _secret = webhooks.add_endpoint(
        SYSTEM,
        OWN,
        url="https://example.com/hook",
        events=["*"],
        description="",
        now_us=now_us,
    )
    webhooks.send_test(SYSTEM, OWN, endpoint.endpoint_id, now_us=now_us)
    world.home.update(
        key_id=made.record.key_id,
        endpoint_id=endpoint.endpoint_id,
        delivery_id=WebhookDelivery.objects.get().delivery_id,
    )


def _people(world: World, now_us: int) -> None:
    from tongbao.platform.accounts import members
    from tongbao.platform.accounts.models import Membership
    from tongbao.platform.operators import services as operators
    from tongbao.platform.operators.services import NewOperator

    cashier = members.invite(
        actor_of(world, now_us),
        OWN,
        members.Invitation(phone="19900004321", display_name="小梅", role=PortalRole.SUPPORT),
        now_us=now_us,
    )
    new = NewOperator(number="05", name="小王", role=OperatorRole.CASHIER)
    operator, _pin = operators.add_operator(actor_of(world, now_us), OWN, new, now_us=now_us)
    rights = [Permission.PAYMENTS_READ]
    role = members.add_role(actor_of(world, now_us), OWN, "夜班", rights, now_us=now_us)
    world.home.update(
        role_id=role.pk,
        membership_id=cashier.pk,
        operator_id=operator.pk,
        code=operators.function_codes(OWN)[0].code,
    )
    mine = Membership.objects.get(user=world.owner)
    world.places["alone"] = {"membership_id": mine.pk}  # the one owner, who must remain


def _shop(world: World, now_us: int) -> None:
    from tongbao.platform.merchants import opening
    from tongbao.platform.merchants.models import Merchant, MerchantLimits

    merchant = Merchant.objects.get(pk=OWN)
    merchant.credit_code, merchant.contact_phone = "91310000MA1TEST001", "+8619900001234"
    merchant.tier = Tier.ENTERPRISE.value
    merchant.save()
    new = opening.NewShop(
        name="南京路店",
        address="南京路 1 号",
        city="上海",
        latitude_udeg=31_230_000,
        longitude_udeg=121_470_000,
    )
    world.home["shop_id"] = opening.add_shop(merchant, new, now_us=now_us).pk
    account = opening.NewAccount(
        holder="通宝便利店",
        bank="通宝沙盒银行",
        bank_code="",
        number="3100012340009999",
        number_token="t" * 32,
        kind="corporate",
        application_id="",
    )
    opening.replace_account(OWN, account, now_us=now_us)
    MerchantLimits.objects.create(
        limits_id="limits_home",
        merchant=merchant,
        tier=merchant.tier,
        per_trade_minor=5_000_000,
        rules={"per_trade_minor": "own_policy"},
        valid_from_us=now_us,
    )


def _devices(world: World, now_us: int) -> None:
    from tongbao.platform.fleet import activation, acts, invitations, telling
    from tongbao.platform.fleet.activation import Claim

    fleet = replace(FLEET, second_factor_at_us=now_us)
    owner = actor_of(world, now_us)
    for name, serial in SERIALS.items():
        machine = Machine(serial)
        device = _shipped(world, fleet, serial, now_us)
        answer = invitations.hello(machine.actor, machine.hello(), now_us=now_us)
        code = answer.invitation.code
        ids = {"terminal_id": device.terminal_id, "activation_id": device.activations.get().pk}
        world.places.setdefault(name, {}).update(ids)
        world.told[f"activation {name}"] = code
        if name == "arriving":
            continue
        claim = Claim(
            merchant_id=OWN,
            serial_number=serial,
            terminal_id=device.terminal_id,
            code=code,
            method=Method.WEB,
        )
        activation.confirm(owner, claim, now_us=now_us)
        if name == "home":
            key, csr = machine.public_key, machine.csr()
            invitations.poll(machine.actor, serial, key, csr, now_us=now_us)
            telling.self_test(machine.actor, serial, self_test(now_us), now_us=now_us)
            telling.heartbeat(machine.actor, serial, beat(now_us), now_us=now_us)
    body = {"words": "Please call the shop"}
    act = acts.ask(owner, SERIALS["home"], ActKind.MESSAGE, body, now_us=now_us)
    world.home["act_id"] = act.pk


def _shipped(world: World, fleet: Actor, serial: str, now_us: int) -> Any:
    from tongbao.platform.fleet import ceremonies, stock
    from tongbao.platform.fleet.steps import device_of

    stock.receive_devices(fleet, new_devices(serial), now_us=now_us)
    assignment = stock.Assignment(merchant_id=OWN, shop_id=world.home["shop_id"])
    stock.assign(fleet, serial, assignment, now_us=now_us)
    ceremonies.mark_remote(fleet, serial, now_us=now_us)
    journey = stock.Journey(courier="顺丰", tracking_number=f"SF{serial}")
    stock.ship(fleet, serial, journey, now_us=now_us)
    return device_of(serial)


def _applications(world: World, now_us: int) -> None:
    """A draft at home, one to be corrected, one with its contract offered, one signed."""
    from tongbao.platform.onboarding import agents, deposits, review
    from tongbao.platform.onboarding.models import Application, Paper

    owner = actor_of(world, now_us)
    reviewer = replace(
        FLEET,
        actor_id=str(add_user("shen").pk),
        staff_roles=frozenset({StaffRole.REVIEWER}),
    )
    for place, tier in (("signing", Tier.MICRO), ("signed", Tier.ENTERPRISE)):
        application_id = to_review(world.others, owner, tier, now_us=now_us)
        review.take(reviewer, application_id, now_us=now_us)
        review.approve(reviewer, application_id, note="the second of two", now_us=now_us)
        merchant_id = Application.objects.get(pk=application_id).merchant_id
        world.places[place] = {"application_id": application_id, "merchant_id": str(merchant_id)}
        _ask_for_code(world, place, now_us)
    _sign(world, now_us)
    world.home["application_id"] = fill_in(owner, Tier.ENTERPRISE, now_us=now_us)
    agent = agents.add_agent(
        reviewer, "晨星代理", credit_code(number="MA0AGENT"), "19900007777", "上海", now_us=now_us
    )
    Application.objects.filter(pk=world.home["application_id"]).update(agent=agent)
    # One that a machine can read: papers have random numbers, so "the first" is any.
    paper = Paper.objects.filter(
        application_id=world.home["application_id"], kind="id_front", media_type="image/jpeg"
    ).first()
    world.home["paper_id"] = paper.pk if paper else ""
    waiting = fill_in(owner, Tier.ENTERPRISE, now_us=now_us)
    deposit = deposits.send(owner, waiting, now_us=now_us)
    world.told["deposit"] = world.others.bank.deposits[deposit.pk][1]
    paper = Paper.objects.filter(application_id=waiting).first()
    world.places["arriving"] |= {
        "application_id": waiting,
        "paper_id": paper.pk if paper else "",
    }


def _ask_for_code(world: World, place: str, now_us: int) -> None:
    from tongbao.platform.contracts import signing
    from tongbao.platform.contracts.offers import open_offer

    offer = open_offer(world.places[place]["merchant_id"], now_us=now_us)
    if offer is None:
        raise AssertionError("an approved application has an offer")
    signing.send_code(actor_of(world, now_us), offer.pk, now_us=now_us)
    world.told[f"contract {place}"] = code_sent(world.others)


def _sign(world: World, now_us: int) -> None:
    from tongbao.platform.contracts import signing
    from tongbao.platform.contracts.offers import open_offer

    offer = open_offer(world.places["signed"]["merchant_id"], now_us=now_us)
    if offer is None:
        raise AssertionError("an approved application has an offer")
    signature = signing.Signature(
        signer_name="林晓晨",
        picture=signature_picture(),
        code=world.told["contract signed"],
        language="en",
    )
    signing.sign(actor_of(world, now_us), offer.pk, signature, now_us=now_us)
