"""The review queue and the page of an application in the console."""

import pytest

from tests.platform.conftest import browser_of
from tests.platform.onboarding.conftest import (
    MINUTE_US,
    NOON_US,
    approved,
    fill_in,
    person,
    picture,
    reviewer,
    to_review,
)
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.onboarding.tiers import PaperKind

DAY_US = 86_400_000_000
LIST = "/console/onboarding/application/"


def staff_user(name="shen", role=StaffRole.REVIEWER):
    from tongbao.platform.accounts.models import StaffRoleGrant, User

    actor = reviewer(name, role)
    user = User.objects.get(pk=actor.actor_id)
    StaffRoleGrant.objects.filter(user=user).delete()
    StaffRoleGrant.objects.create(
        user=user, role=role.value, granted_at_us=NOON_US, granted_by="test"
    )
    return user


@pytest.fixture
def waiting(django_sqlite, world):
    """An application that waits for a reviewer."""
    del django_sqlite
    return to_review(world, person())


def page_of(application_id):
    from django.contrib.admin.utils import quote

    return f"{LIST}{quote(application_id)}/change/"


def act(browser, application_id, **form):
    from tongbao.platform.onboarding.models import Application

    version = Application.objects.get(pk=application_id).version
    return browser.post(f"{LIST}{application_id}/act/", {"version": version, **form})


def test_the_queue_shows_the_oldest_promise_first_and_marks_late_ones(django_sqlite, world):
    del django_sqlite
    later = to_review(world, person("later"), now_us=NOON_US - DAY_US + MINUTE_US)
    older = to_review(world, person("older"), now_us=NOON_US - DAY_US)
    draft = fill_in(person("draft"), now_us=NOON_US - 2 * DAY_US)
    page = browser_of(staff_user()).get(LIST).content.decode()
    places = [page.index(page_of(one)) for one in (older, later, draft)]
    assert places == sorted(places)
    assert page.count(">late<") == 2


def test_a_reviewer_takes_sees_and_sends_back_in_words(waiting):
    browser = browser_of(staff_user())
    assert act(browser, waiting, act="take").status_code == 302
    page = browser.get(page_of(waiting)).content.decode()
    assert "You review this" in page
    assert "静安区样板路 18 号" in page
    act(browser, waiting, act="correct", codes=["paper_cropped"], note="右下角被手指挡住")
    page = browser.get(page_of(waiting)).content.decode()
    assert "Correction wanted" in page
    assert "all four corners must show" in page
    assert "右下角被手指挡住" in page


def test_a_reviewer_names_the_paper_that_cannot_be_read(waiting):
    from tongbao.platform.onboarding.models import Finding
    from tongbao.platform.onboarding.shapes import finding_out

    browser = browser_of(staff_user())
    act(browser, waiting, act="take")
    of_code = {"paper.paper_cropped": "id_back", "paper.id_differs": "id_front"}
    codes = ["paper_cropped", "id_differs"]
    act(browser, waiting, act="correct", codes=codes, **of_code)
    found = Finding.objects.filter(application_id=waiting, origin="reviewer").order_by("field")
    assert [(one.code, one.field) for one in found] == [
        ("id_differs", "legal_person"),
        ("paper_cropped", "paper.id_back"),
    ]
    assert finding_out(found[1]).words.startswith("Identity card, side with the emblem: A paper")
    page = browser.get(page_of(waiting)).content.decode()
    assert "Identity card, side with the emblem: A paper" in page


def test_a_paper_that_there_is_not_is_refused(waiting):
    from tongbao.platform.onboarding.models import Application

    browser = browser_of(staff_user())
    act(browser, waiting, act="take")
    form = {"act": "correct", "codes": ["paper_cropped"], "paper.paper_cropped": "poem"}
    act(browser, waiting, **form)
    assert Application.objects.get(pk=waiting).status == "in_review"


def test_the_page_is_chinese_for_a_chinese_reader(waiting):
    browser = browser_of(staff_user(), "zh-hans")
    act(browser, waiting, act="take")
    page = browser.get(page_of(waiting)).content.decode()
    assert "您正在审核" in page
    assert "材料边角不完整" in page


def test_a_page_that_somebody_overtook_writes_nothing(waiting):
    from tongbao.platform.onboarding.models import Application

    browser = browser_of(staff_user())
    act(browser, waiting, act="take")
    form = {"version": 1, "act": "approve"}
    answer = browser.post(f"{LIST}{waiting}/act/", form, follow=True).content.decode()
    assert "Something has changed since you opened the page" in answer
    assert Application.objects.get(pk=waiting).status == "in_review"


def test_an_unknown_act_is_refused(waiting):
    browser = browser_of(staff_user())
    answer = browser.post(f"{LIST}{waiting}/act/", {"version": "x", "act": "burn"}, follow=True)
    assert "There is no such act." in answer.content.decode()


def test_a_paper_is_shown_sandboxed_and_the_look_is_written_down(waiting):
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.onboarding.models import Paper

    paper = Paper.objects.get(application_id=waiting, kind="id_front")
    answer = browser_of(staff_user()).get(f"{LIST}{waiting}/papers/{paper.pk}/")
    assert answer.content == picture(f"lin {PaperKind.ID_FRONT.value}")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer["Cache-Control"].startswith("no-store")
    looked = AuditEntry.objects.filter(operation="paper.view", outcome="done")
    assert [entry.target_id for entry in looked] == [paper.pk]


@pytest.mark.parametrize("role", [one for one in StaffRole if one is not StaffRole.REVIEWER])
def test_no_other_role_sees_or_acts(waiting, role):
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.onboarding.models import Application, Paper

    browser = browser_of(staff_user("other", role))
    paper = Paper.objects.filter(application_id=waiting).first()
    before = Application.objects.values().get(pk=waiting)
    for address in (page_of(waiting), f"{LIST}{waiting}/papers/{paper.pk}/"):
        answer = browser.get(address)
        assert answer.status_code == 403
        assert "静安区" not in answer.content.decode()
    denied = AuditEntry.objects.filter(outcome="denied").count()
    assert act(browser, waiting, act="take").status_code == 403
    assert AuditEntry.objects.filter(outcome="denied").count() == denied + 1
    assert Application.objects.values().get(pk=waiting) == before


def test_the_page_of_a_merchant_shows_what_onboarding_gave_it(django_sqlite, world):
    from tongbao.platform.merchants.models import Merchant

    del django_sqlite
    approved(world, person(), reviewer())
    merchant = Merchant.objects.get(name="晨光便利店")
    page = browser_of(staff_user("other")).get(f"/console/merchants/merchant/{merchant.pk}/change/")
    text = page.content.decode()
    assert "静安区样板路 18 号" in text
    assert "银发〔2017〕296号" in text
    assert "No contract is signed yet." in text
