"""Lists over many payments: exact however far behind the following is, and by an index."""

from datetime import UTC, datetime

import pytest

from tests.platform.api.test_payments import own_payment
from tests.platform.seed import seed
from tests.platform.test_pages import STATUS_OF

S = 1_000_000


def doubts():
    from tongbao.platform.payments.listing import of_status
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.status import Status

    return set(of_status(Payment.objects.all(), Status.IN_DOUBT).values_list("pk", flat=True))


def known():
    from tongbao.platform.payments.models import DoubtfulPayment

    return set(DoubtfulPayment.objects.values_list("pk", flat=True))


def follow(now_us):
    from tongbao.platform.payments.doubts import follow_doubts

    return follow_doubts(now_us)


def happen(payment_id, kind, at_us):
    from tongbao.platform.payments.models import PaymentEvent

    PaymentEvent.objects.create(payment_id=payment_id, kind=kind, at_us=at_us)


def test_the_list_of_doubts_is_exact_before_while_and_after_it_is_followed(django_database):
    stories = seed(django_database)
    late_us = 4 * 10**15
    in_doubt = {stories[name] for name, status in STATUS_OF.items() if status == "in_doubt"}
    assert (doubts(), known()) == (in_doubt, set())
    assert follow(late_us) > 0
    assert (doubts(), known()) == (in_doubt, in_doubt)
    assert follow(late_us) == 0
    happen(stories["reversing"], "reversed", late_us)
    happen(stories["pending"], "approved", late_us)
    left = in_doubt - {stories["reversing"], stories["pending"]}
    assert (doubts(), known()) == (left, in_doubt)
    follow(late_us)
    assert (doubts(), known()) == (left, left)
    happen(stories["approved"], "reversal_requested", late_us)
    assert doubts() == left | {stories["approved"]}
    young = own_payment(received_at_us=late_us, event="signed")
    assert young.pk in doubts()


@pytest.mark.parametrize("folded_min", [1, 250])
def test_the_newest_of_a_status_are_those_of_the_fold(django_sqlite, monkeypatch, folded_min):
    from tongbao.platform.payments import listing
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.queries import with_status
    from tongbao.platform.payments.status import Status

    monkeypatch.setattr(listing, "FOLDED_MIN", folded_min)
    seed(django_sqlite)
    everything = with_status(Payment.objects.order_by("-payment_id"))
    words = list(everything.values_list("pk", "status"))
    for status in Status:
        rows = Payment.objects.filter(listing.candidates(status))
        of_it = [key for key, word in words if word == status]
        assert len(of_it) >= 2
        for most in (1, 2, 100):
            assert listing.newest_of_status(rows, status, most) == of_it[:most], (status, most)
        assert set(
            listing.of_status(Payment.objects.all(), status).values_list("pk", flat=True)
        ) == set(of_it)


def test_a_payment_to_which_nothing_happens_becomes_a_known_doubt(django_sqlite):
    from tongbao.platform.payments.doubts import SETTLED_AFTER_US

    stories = seed(django_sqlite)
    from tongbao.platform.payments.models import Payment

    at_us = Payment.objects.get(pk=stories["pending"]).received_at_us
    follow(at_us + SETTLED_AFTER_US - 1)
    assert stories["pending"] not in known()
    assert stories["pending"] in doubts()
    follow(at_us + 10 * SETTLED_AFTER_US)
    assert stories["pending"] in known()


def test_totals_without_a_look_at_each_event_are_the_totals_of_the_fold(django_database):
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.queries import totals, with_status
    from tongbao.platform.payments.status import Status

    stories = seed(django_database)
    own_payment(kind="refund", amount_minor=45, original_id=stories["approved"])
    own_payment(kind="tip", amount_minor=19_000, original_id=stories["repeated"], number=1)
    own_payment(kind="sale", event="declined", number=2)
    sums = totals(Payment.objects.all())
    by_hand = dict.fromkeys(Status, 0)
    for payment in with_status(Payment.objects.all()):
        by_hand[Status(payment.status)] += 1
    assert {status: sums.of(status).count for status in Status} == by_hand
    assert sums.of(Status.APPROVED).amount_minor == 12_345 + 18_888 - 45 + (19_000 - 18_888)


def test_an_early_outcome_wins_and_a_reversal_outweighs_it(django_sqlite):
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.queries import with_status
    from tongbao.platform.payments.status import fold

    stories = seed(django_sqlite)
    payment_id, kinds = stories["pending"], []
    for kind in ("inquired", "declined", "approved", "reversal_requested", "reversed", "approved"):
        happen(payment_id, kind, 1)
        kinds.append(kind)
        folded = with_status(Payment.objects.filter(pk=payment_id)).get().status
        assert folded == fold(kinds), kinds


@pytest.fixture
def filled(postgresql_url):
    from tests.platform.conftest import django_on
    from tongbao.app.bench.console_data import fill

    made = fill(postgresql_url, payments=20_000, seed=1, now=datetime.now(UTC))
    with django_on(postgresql_url):
        follow(4 * 10**15)
        yield made


def plan_of(rows):
    return rows.explain(format="text")


def test_the_lists_of_a_merchant_and_of_a_status_go_by_an_index(filled):
    """The plan over 20,000 payments; how long a million take is the benchmark's business."""
    from tongbao.app.bench.console_data import merchant_number
    from tongbao.platform.payments.listing import ORDER, Narrowing, narrowed
    from tongbao.platform.payments.models import Payment
    from tongbao.platform.payments.status import Status

    for index in (0, 250):
        own = merchant_number(index)
        plan = plan_of(narrowed(own, Narrowing()).order_by(*ORDER)[:51])
        # A fifth of all payments is the largest merchant's: walking the days is as good for it.
        assert "Seq Scan" not in plan
        assert index == 0 or "payments_payment_of_merchant" in plan
        day = Narrowing(first_day=filled.last_day, last_day=filled.last_day)
        assert "Seq Scan" not in plan_of(narrowed(own, day).order_by(*ORDER)[:51])
    for status, index_name in (
        (Status.IN_DOUBT, "payments_doubtfulpayment"),
        (Status.REVERSED, "payments_event_unhappy"),
    ):
        rows = narrowed(merchant_number(0), Narrowing(status=status)).order_by(*ORDER)[:51]
        assert index_name in plan_of(rows), status
    assert "payments_payment_pkey" in plan_of(Payment.objects.order_by("-payment_id")[:26])


def test_the_benchmarks_world_is_the_same_for_one_seed(filled):
    assert filled.payments == 20_000
    assert filled.by_status["approved"] > 18_800
    assert set(filled.by_status) == {"approved", "declined", "reversed", "in_doubt"}
    assert len(doubts()) == filled.by_status["in_doubt"]


def test_the_console_counts_to_its_limit_and_says_so(stories, monkeypatch):
    from tests.platform.conftest import add_user, browser_of
    from tongbao.platform.console import paging

    monkeypatch.setattr(paging, "COUNTED_MAX", 3)
    page = browser_of(add_user("lilei")).get("/console/payments/payment/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "These are the newest; narrow the list to find older ones." in text
