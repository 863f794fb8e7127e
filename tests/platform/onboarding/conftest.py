"""A platform with in-memory providers, an applicant and a reviewer."""

import io
import random

import pytest
from PIL import Image, ImageDraw

from tests.platform.conftest import add_user
from tests.platform.onboarding.applicants import ACCOUNT_NUMBERS, DATA, resident_id
from tongbao.domain.secrets import KeyBytes
from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.onboarding.tiers import TIERS, Tier
from tongbao.platform.project import configured
from tongbao.platform.providers.in_memory import in_memory_providers
from tongbao.platform.sealing import DataKey

NOON_US = 1_795_147_200_000_000  # 2026-11-20 12:00 in China, a Friday
MINUTE_US = 60_000_000
KEY = DataKey(KeyBytes(bytes(range(32))))
BANK_HOLDERS = {
    Tier.ENTERPRISE: DATA[Tier.ENTERPRISE]["account_holder"],
    Tier.SOLE_TRADER: DATA[Tier.SOLE_TRADER]["account_holder"],
    Tier.MICRO: DATA[Tier.MICRO]["account_holder"],
}


@pytest.fixture
def world():
    """In-memory providers in place, and a data key."""
    configured()
    from django.test import override_settings

    from tongbao.platform.providers.registry import using_providers

    with override_settings(TONGBAO_DATA_KEY=KEY), using_providers(in_memory_providers()) as others:
        for tier, number in ACCOUNT_NUMBERS.items():
            others.bank.accounts[number] = (BANK_HOLDERS[tier], False)
        yield others


def person(name="lin", **changes):
    """Somebody with a portal account, as an actor."""
    from tongbao.platform.accounts.actors import actor_of_user

    user = add_user(name, is_staff=False)
    return actor_of_user(user, second_factor_at_us=None, **changes)


def again(actor, *, at_us=None):
    """The same person in a later request, with the memberships of now."""
    from tongbao.platform.accounts.actors import actor_of_user
    from tongbao.platform.accounts.models import User

    return actor_of_user(User.objects.get(pk=actor.actor_id), second_factor_at_us=at_us)


def reviewer(name="shen", role=StaffRole.REVIEWER):
    user = add_user(name)
    return Actor(
        kind=ActorKind.STAFF,
        actor_id=str(user.pk),
        name=name,
        staff_roles=frozenset({role}),
        second_factor_at_us=NOON_US,
    )


def picture(seed="x", size=(900, 700), kind="JPEG"):
    """A picture of lines that no other seed gives."""
    lines = random.Random(seed)
    image = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(image)
    for _ in range(30):
        points = [(lines.randrange(size[0]), lines.randrange(size[1])) for _ in range(2)]
        draw.line(points, fill=tuple(lines.randrange(200) for _ in range(3)), width=9)
    target = io.BytesIO()
    image.save(target, kind)
    return target.getvalue()


def signature_picture():
    image = Image.new("RGBA", (400, 160), (0, 0, 0, 0))
    ImageDraw.Draw(image).line([(20, 120), (120, 30), (200, 130), (370, 40)], "black", 5)
    target = io.BytesIO()
    image.save(target, "PNG")
    return target.getvalue()


def fill_in(actor, tier=Tier.MICRO, *, now_us=NOON_US, without=(), **changes):
    """An application with everything but what is left out, not submitted yet."""
    from tongbao.platform.onboarding import applications, papers

    application = applications.begin(actor, tier, now_us=now_us)
    fields = {
        **DATA[tier],
        "resident_id": resident_id(),
        "account_number": ACCOUNT_NUMBERS[tier],
        **changes,
    }
    applications.save(actor, application.pk, fields, now_us=now_us)
    for kind in TIERS[tier].required_papers:
        if kind not in without:
            content = picture(f"{actor.name} {kind.value}")
            upload = papers.Upload(kind, f"{kind.value}.jpg", content)
            papers.add(actor, application.pk, upload, now_us=now_us)
    return application.pk


def confirm_deposit(world, actor, application_id, *, now_us=NOON_US):
    """Read the code on the account's page and type it back."""
    from tongbao.platform.onboarding import deposits

    deposit = deposits.send(actor, application_id, now_us=now_us)
    remark = world.bank.deposits[deposit.pk][1]
    deposits.confirm(actor, application_id, remark, now_us=now_us)


def to_review(world, actor, tier=Tier.MICRO, *, now_us=NOON_US, **changes):
    """An application that passed the checks and waits for a reviewer."""
    from tongbao.platform.onboarding import applications, checking

    application_id = fill_in(actor, tier, now_us=now_us, **changes)
    confirm_deposit(world, actor, application_id, now_us=now_us)
    applications.submit(actor, application_id, now_us=now_us)
    state = checking.run(application_id, now_us=now_us)
    assert state == "in_review", codes_of(application_id)
    return application_id


def approved(world, actor, staff, tier=Tier.MICRO, *, now_us=NOON_US):
    """An application whose contract waits for a signature."""
    from tongbao.platform.onboarding import review

    application_id = to_review(world, actor, tier, now_us=now_us)
    review.take(staff, application_id, now_us=now_us)
    review.approve(staff, application_id, note="", now_us=now_us)
    return application_id


def code_sent(world):
    """The six digits of the newest text message."""
    import re

    return re.search(r"[0-9]{6}", world.sms.sent[-1].text)[0]


def codes_of(application_id):
    from tongbao.platform.onboarding.models import Finding

    rows = Finding.objects.filter(application_id=application_id, cleared_at_us=None)
    return sorted(rows.values_list("code", flat=True))
