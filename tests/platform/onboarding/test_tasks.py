"""The worker checks again, reminds once and lets what was abandoned end; deposits have limits."""

import pytest

from tests.platform.onboarding.conftest import (
    MINUTE_US,
    NOON_US,
    approved,
    confirm_deposit,
    fill_in,
    person,
    reviewer,
)

DAY_US = 86_400_000_000


def status_of(application_id):
    from tongbao.platform.onboarding.models import Application

    return Application.objects.get(pk=application_id).status


def test_silence_of_the_bank_keeps_the_application_waiting_until_the_worker_asks_again(
    django_sqlite, world
):
    from tongbao.platform.onboarding import applications, checking, tasks

    del django_sqlite
    stranger = person()
    application_id = fill_in(stranger)
    confirm_deposit(world, stranger, application_id)
    world.bank.is_down = True
    applications.submit(stranger, application_id, now_us=NOON_US)
    assert checking.run(application_id, now_us=NOON_US) == "checking"
    assert tasks.check_waiting(NOON_US + MINUTE_US) == 0
    world.bank.is_down = False
    assert tasks.check_waiting(NOON_US + MINUTE_US) == 1
    assert status_of(application_id) == "in_review"
    assert tasks.check_waiting(NOON_US + 2 * MINUTE_US) == 0


def test_an_applicant_is_reminded_once_and_then_the_application_ends(django_sqlite, world):
    from tongbao.platform.merchants.models import Merchant
    from tongbao.platform.onboarding import tasks

    del django_sqlite
    application_id = approved(world, person(), reviewer())
    sent = len(world.sms.sent)
    assert tasks.remind(NOON_US + 11 * DAY_US) == 0
    assert tasks.remind(NOON_US + 12 * DAY_US) == 1
    assert tasks.remind(NOON_US + 13 * DAY_US) == 0
    assert "2026-12-05" in world.sms.sent[sent].text
    assert tasks.expire(NOON_US + 15 * DAY_US) == 0
    assert tasks.expire(NOON_US + 15 * DAY_US + 1) == 1
    assert status_of(application_id) == "expired"
    assert Merchant.objects.get(applications=application_id).status == "closed"


def test_a_listed_name_goes_to_a_person_who_has_to_say_what_came_of_it(django_sqlite, world):
    from tests.platform.onboarding.conftest import to_review
    from tongbao.platform.onboarding import review
    from tongbao.platform.onboarding.records import NoteMissingError
    from tongbao.platform.providers.in_memory import ListScreening

    del django_sqlite
    object.__setattr__(world, "screening", ListScreening(frozenset({"林晓晨"})))
    staff = reviewer()
    application_id = to_review(world, person())
    review.take(staff, application_id, now_us=NOON_US)
    with pytest.raises(NoteMissingError):
        review.approve(staff, application_id, note=" ", now_us=NOON_US)
    assert status_of(application_id) == "in_review"
    review.approve(staff, application_id, note="生日不同，非同一人", now_us=NOON_US)
    assert status_of(application_id) == "contract_offered"


def test_five_wrong_codes_end_a_deposit_and_three_are_sent_a_day(django_sqlite, world):
    from tongbao.platform.onboarding import deposits

    del django_sqlite
    stranger = person()
    application_id = fill_in(stranger)
    refusals = []

    def tried(call, *args):
        with pytest.raises(deposits.DepositRefusedError) as refused:
            call(stranger, application_id, *args, now_us=NOON_US)
        refusals.append(refused.value.code)

    tried(deposits.confirm, "000000")
    sent = deposits.send(stranger, application_id, now_us=NOON_US)
    right = world.bank.deposits[sent.pk][1]
    for _ in range(5):
        tried(deposits.confirm, f"{(int(right) + 1) % 1_000_000:06}")
    tried(deposits.confirm, right)
    for _ in range(2):
        deposits.send(stranger, application_id, now_us=NOON_US)
    tried(deposits.send)
    assert refusals == ["none_sent", *["wrong_code"] * 4, *["tries_used_up"] * 2, "too_many"]


def test_a_reviewer_neither_decides_alone_on_an_own_application_nor_on_a_colleagues(
    django_sqlite, world
):
    from dataclasses import replace

    from tests.platform.onboarding.conftest import to_review
    from tongbao.platform.onboarding import review

    del django_sqlite
    stranger, staff, colleague = person(), reviewer(), reviewer("colleague")
    application_id = to_review(world, stranger)
    with pytest.raises(review.OwnApplicationError):
        review.take(replace(staff, actor_id=stranger.actor_id), application_id, now_us=NOON_US)
    review.take(staff, application_id, now_us=NOON_US)
    with pytest.raises(review.NotYoursError):
        review.approve(colleague, application_id, note="", now_us=NOON_US)
    assert status_of(application_id) == "in_review"


def test_an_applicant_is_told_once_that_our_answer_is_late(django_sqlite, world):
    from tests.platform.onboarding.conftest import to_review
    from tongbao.platform.onboarding import tasks
    from tongbao.platform.onboarding.models import Application

    del django_sqlite
    application_id = to_review(world, person())
    promised = Application.objects.get(pk=application_id).promised_at_us
    sent = len(world.sms.sent)
    assert tasks.own_up(promised) == 0
    assert (tasks.own_up(promised + 1), tasks.own_up(promised + 2)) == (1, 0)
    [message] = world.sms.sent[sent:]
    assert "未能在承诺时间内答复" in message.text
