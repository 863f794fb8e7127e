"""A payment stays with the shop in which it was made, wherever its terminal goes afterwards."""

from tests.platform.api.conftest import OWN, Caller, member
from tests.platform.api.test_payments import own_payment

MOVED = 1_763_800_000_000_000
BACK = 1_763_900_000_000_000
TERMINAL = "00000002"


def shop(name):
    from tongbao.platform.merchants.models import Shop

    made = Shop.objects.create(
        shop_id=name, merchant_id=OWN, name=name, address="1", city="上海", created_at_us=1
    )
    return made.pk


def stood(shop_id, from_us, until_us=None):
    from tongbao.platform.fleet.models import Device, Installation

    device, _new = Device.objects.get_or_create(
        pk="TB1", defaults={"model": "T1", "state_since_us": 1, "created_at_us": 1}
    )
    Installation.objects.create(
        installation_id=f"place_{from_us}",
        device=device,
        terminal_id=TERMINAL,
        merchant_id=OWN,
        credit_code="",
        shop_id=shop_id,
        place="1",
        from_us=from_us,
        until_us=until_us,
    )


def made_in(caller, shop_id):
    answer = caller.get(f"/merchants/{OWN}/payments", {"shop_id": shop_id})
    assert answer.status_code == 200
    return [one["amount"]["amount_minor"] for one in answer.json()["items"]]


def test_a_terminal_that_moved_leaves_its_payments_where_they_were_made(stories):
    from tongbao.platform.fleet.models import Terminal

    old, new, other = shop("old"), shop("new"), shop("other")
    Terminal.objects.filter(pk=TERMINAL).update(shop=new)
    stood(old, MOVED - 50, until_us=MOVED - 10)
    stood(new, MOVED)
    for number, at_us in enumerate((MOVED - 100, MOVED - 20, MOVED - 1, MOVED, MOVED + 1)):
        own_payment(number=number, amount_minor=number + 1, received_at_us=at_us)
    caller = Caller(member("hanmei", "read_only"))
    assert sorted(made_in(caller, old)) == [1, 2, 3]  # until the next place begins
    assert sorted(made_in(caller, new)) == [4, 5]
    assert made_in(caller, other) == []


def test_who_comes_back_has_both_times_and_a_terminal_without_history_is_where_it_is(stories):
    from tongbao.platform.fleet.models import Terminal

    old, new = shop("old"), shop("new")
    Terminal.objects.filter(pk=TERMINAL).update(shop=old)
    own_payment(number=0, amount_minor=1, received_at_us=MOVED - 1)
    caller = Caller(member("hanmei", "read_only"))
    assert made_in(caller, old) == [1]
    stood(old, MOVED - 50, until_us=MOVED)
    stood(new, MOVED, until_us=BACK)
    stood(old, BACK)
    own_payment(number=1, amount_minor=2, received_at_us=MOVED + 1)
    own_payment(number=2, amount_minor=3, received_at_us=BACK)
    assert sorted(made_in(caller, old)) == [1, 3]
    assert made_in(caller, new) == [2]
