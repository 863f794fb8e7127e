"""What is late is said once, to those at the merchant who look after terminals."""

from tests.platform.api.conftest import give, member
from tests.platform.conftest import add_user
from tests.platform.fleet.conftest import device, shipped
from tests.platform.fleet.stage import (
    DAY,
    FLEET,
    MERCHANT_ID,
    MINUTE,
    NOW,
    OTHER_ID,
    OWNER,
    Machine,
)


def remind(now_us):
    from tongbao.platform.fleet.reminders import remind as run

    return run(now_us)


def notices():
    from tongbao.platform.accounts.models import Notice

    rows = Notice.objects.order_by("at_us", "user__username")
    return [(row.user.username, row.kind, row.detail["terminal"]) for row in rows]


def people():
    member("manager", "manager", MERCHANT_ID)
    member("reader", "read_only", MERCHANT_ID)
    member("stranger", "owner", OTHER_ID)
    both = add_user("both", is_staff=False)
    give(both, "read_only", OTHER_ID)
    give(both, "owner", MERCHANT_ID)


def test_a_late_delivery_and_a_terminal_left_in_its_box_are_each_said_once(room):
    from tongbao.platform.accounts.notices import notice_words
    from tongbao.platform.fleet import stock

    people()
    number = shipped().terminal_id
    assert remind(NOW + 3 * DAY) == 0
    late = NOW + 3 * DAY + MINUTE
    assert (remind(late), remind(late + DAY)) == (1, 0)
    wanted = [("both", "delivery_late", number), ("manager", "delivery_late", number)]
    assert notices() == wanted
    assert number in notice_words("delivery_late", {"terminal": number})
    arrived = late + DAY
    stock.receive(FLEET, device().pk, now_us=arrived)
    assert remind(arrived + 3 * DAY) == 0
    assert remind(arrived + 3 * DAY + MINUTE) == 1
    assert [kind for _name, kind, _terminal in notices()[2:]] == ["activation_due"] * 2
    assert remind(arrived + 4 * DAY) == 0
    assert list(device().events.values_list("event", flat=True)[:1]) == ["reminded_activation_due"]


def test_an_activation_that_does_not_come_to_its_end_is_said_after_its_promise(room):
    from tests.platform.fleet.test_activation import confirm, say_hello

    people()
    machine = Machine()
    shipped()
    confirm(say_hello(machine).invitation.code, actor=OWNER)
    assert remind(NOW + 10 * MINUTE) == 0
    assert (remind(NOW + 11 * MINUTE), remind(NOW + 12 * MINUTE)) == (1, 0)
    assert [kind for _name, kind, _terminal in notices()] == ["activation_late"] * 2


def test_what_was_settled_long_ago_is_not_dug_up(room):
    people()
    shipped()
    assert remind(NOW + 40 * DAY) == 0
    assert notices() == []
