"""What a terminal could not deliver comes before a person, once, and goes when it is there."""

import pytest

from tests.platform.fleet.conftest import activated
from tests.platform.fleet.stage import MINUTE, NOW, SERIAL, Machine, beat
from tongbao.wire.device.health import PENDING_MAX, Pending, PendingKind


def matter(trace=12, *, kind=PendingKind.REVERSAL, needs_person=True):
    return Pending(
        kind=kind,
        batch=7,
        trace=trace,
        since_ms=NOW // 1000,
        attempts=5,
        needs_person=needs_person,
    )


@pytest.fixture
def machine(room):
    machine = Machine()
    activated(machine)
    return machine


def say(machine, *pending, at=NOW, **facts):
    from tongbao.platform.fleet import telling

    message = beat(at, pending=pending, **facts)
    telling.heartbeat(machine.actor, SERIAL, message, now_us=at)


def exceptions():
    from tongbao.platform.payments.exceptions import with_standing
    from tongbao.platform.payments.models import PaymentException

    rows = with_standing(PaymentException.objects.all()).order_by("exception_id")
    return [(row.kind, row.detail, row.is_closed) for row in rows]


def test_a_matter_comes_up_once_and_is_closed_when_the_terminal_holds_it_no_more(room_on_both):
    from tongbao.platform.payments.models import PaymentExceptionEvent

    machine = Machine()
    activated(machine)
    say(machine, matter(needs_person=False))
    assert exceptions() == []
    open_row = ("terminal_gave_up", "reversal 000007 000012: 5 attempts", False)
    advice = matter(13, kind=PendingKind.ADVICE)
    for minute in (1, 2):
        say(machine, matter(), advice, at=NOW + minute * MINUTE)
    advice_row = ("terminal_gave_up", "advice 000007 000013: 5 attempts", False)
    assert sorted(exceptions()) == sorted([open_row, advice_row])
    # A new row of tries has begun: it is not delivered yet.
    say(machine, matter(needs_person=False), advice, at=NOW + 3 * MINUTE)
    assert open_row in exceptions()
    say(machine, advice, at=NOW + 4 * MINUTE)
    assert sorted(exceptions()) == sorted([(*open_row[:2], True), advice_row])
    say(machine, at=NOW + 5 * MINUTE)
    assert all(is_closed for *_, is_closed in exceptions())
    done = PaymentExceptionEvent.objects.values_list("kind", "staff", "note", "at_us")
    assert list(done.order_by("event_id")) == [
        ("closed", "terminal", "the terminal has delivered it", NOW + 4 * MINUTE),
        ("closed", "terminal", "the terminal has delivered it", NOW + 5 * MINUTE),
    ]


def test_what_is_left_out_closes_nothing_and_a_persons_word_stands(machine):
    """A list that was cut, earlier software, and training say nothing of what is missing."""
    from tongbao.platform.fleet import telling
    from tongbao.platform.payments.exception_rules import Act
    from tongbao.platform.payments.exceptions import do
    from tongbao.platform.payments.models import PaymentException

    say(machine, matter())
    full = [matter(trace, needs_person=False) for trace in range(100, 100 + PENDING_MAX)]
    say(machine, *full, at=NOW + MINUTE)
    telling.heartbeat(machine.actor, SERIAL, beat(NOW), now_us=NOW + 2 * MINUTE)
    say(machine, matter(99), at=NOW + 3 * MINUTE, is_training=True)
    assert [is_closed for *_, is_closed in exceptions()] == [False]
    row = PaymentException.objects.get()
    do(row.pk, Act.CLOSE, staff="lilei", note="shop was called", seen=0)
    say(machine, matter(), at=NOW + 4 * MINUTE)
    assert [is_closed for *_, is_closed in exceptions()] == [True]


def test_the_queue_names_the_payment_also_when_its_message_came_later(machine):
    from tongbao.platform.fleet.models import Device
    from tongbao.platform.payments.exception_words import detail_text, note_text, opened_by
    from tongbao.platform.payments.gave_up import payment_named
    from tongbao.platform.payments.models import Payment, PaymentException

    say(machine, matter())
    row = PaymentException.objects.get()
    terminal = Device.objects.get(pk=SERIAL).terminal
    assert (row.terminal_id, row.merchant_id) == (terminal.pk, terminal.merchant_id)
    assert (row.payment_id, payment_named(row), row.pk >> 13 & 63) == (0, 0, 63)
    Payment.objects.create(
        payment_id=77,
        terminal=terminal,
        merchant_id=terminal.merchant_id,
        batch_no=7,
        stan=12,
        kind="sale",
        amount_minor=100,
        currency="CNY",
        card_masked="620000*********0128",
        card_token=b"t" * 16,
        entry_mode="022",
        rrn="000000000077",
        business_date="2026-11-21",
        route="sandbox",
        received_at_us=NOW,
    )
    assert payment_named(row) == 77
    words = (detail_text(row.detail), opened_by(row.kind))
    assert words == ("Reversal of batch 000007, trace 000012: 5 attempts", "Terminal")
    from django.utils import translation

    with translation.override("zh-hans"):
        assert detail_text(row.detail) == "冲正：批次 000007，凭证号 000012，已尝试 5 次"
        assert note_text("terminal", "the terminal has delivered it") == "终端已送达。"


def test_a_status_upload_says_the_same_for_terminals_without_another_line(machine):
    from tongbao.platform.fleet.models import Device, TerminalStatus
    from tongbao.platform.payments.gave_up import follow_statuses

    terminal = Device.objects.get(pk=SERIAL).terminal

    def upload(at_us, body):
        TerminalStatus.objects.create(terminal=terminal, at_us=at_us, body=body)
        assert follow_statuses(at_us + MINUTE) == 1

    upload(NOW, "version=1;pending=0;doubt=0;printer=ok")
    upload(NOW + 1, "pending=2;doubt=0;owes=advice-000007-000013*5!,signature-000007-000012*1")
    row = ("terminal_gave_up", "advice 000007 000013: 5 attempts", False)
    assert exceptions() == [row]
    say(machine, matter(14), at=NOW + MINUTE)
    # Said before the reversal came up: it is no word about that.
    assert follow_statuses(NOW + 2 * MINUTE) == 1
    assert [is_closed for *_, is_closed in exceptions()] == [True, False]
    upload(NOW + 2 * MINUTE, "pending=3;doubt=0;owes=reversal-000007-000099*1,nonsense")
    assert [is_closed for *_, is_closed in exceptions()] == [True, False]
    upload(NOW + 3 * MINUTE, "pending=0;doubt=0;owes=")
    assert [is_closed for *_, is_closed in exceptions()] == [True, True]
