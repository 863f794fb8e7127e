"""Key loading: two people, two components, one key that nobody saw; everything else is refused."""

from pathlib import Path

import pytest

from tests.platform.fleet import stage
from tests.platform.fleet.conftest import device
from tests.platform.fleet.stage import FLEET, KEEPER_1, KEEPER_2, MINUTE, NOW, SERIAL
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.components import split
from tongbao.crypto.kcv import key_check_value
from tongbao.crypto.key_store import KeyName
from tongbao.domain.secrets import KeyBytes, Purpose, SecretText

WHOLE = bytes(range(50, 66))
PARTS = split(KeyAlgorithm.TDES, KeyBytes(WHOLE), lambda n: bytes(range(n)))
KCV = key_check_value(KeyAlgorithm.TDES, WHOLE).hex()


@pytest.fixture
def assigned(stocked):
    from tongbao.platform.fleet import stock

    wanted = stock.Assignment(merchant_id=stage.MERCHANT_ID, shop_id=stage.SHOP)
    return stock.assign(FLEET, SERIAL, wanted, now_us=NOW)


def begin(check_value=KCV, now_us=NOW):
    from tongbao.platform.fleet import ceremonies

    return ceremonies.open_ceremony(
        KEEPER_1, SERIAL, algorithm="tdes", check_value=check_value, now_us=now_us
    )


def enter(ceremony, who, number, typed=None, check_value=None, now_us=NOW):
    from tongbao.platform.fleet import ceremonies

    key, kcv = PARTS[number - 1] if number in (1, 2) else PARTS[0]
    component = ceremonies.Component(
        number=number,
        typed=SecretText(key.reveal(Purpose.TEST).hex() if typed is None else typed),
        check_value=kcv.hex() if check_value is None else check_value,
    )
    return ceremonies.enter(who, ceremony.pk, component, now_us=now_us)


def refused(*args, **options):
    from tongbao.platform.fleet.ceremonies import CeremonyRefusedError

    with pytest.raises(CeremonyRefusedError) as caught:
        enter(*args, **options)
    return caught.value.fault.value


def test_two_custodians_load_a_key_that_the_host_finds(room, assigned):
    ceremony = begin()
    assert enter(ceremony, KEEPER_1, 1).state == "open"
    assert enter(ceremony, KEEPER_2, 2).state == "loaded"
    name = KeyName(f"tmk/{assigned.terminal_id}")
    assert room.host_keys().kcv(name).hex() == KCV
    found = device()
    assert (found.state, found.key_state, found.key_check_value) == (
        "key_loaded",
        "loaded",
        KCV.upper(),
    )
    assert room.components().names() == ()


def test_no_component_stands_in_the_database_or_the_audit_log(room, assigned, django_sqlite):
    enter(begin(), KEEPER_1, 1)
    content = django_sqlite.removeprefix("sqlite:///")
    component = PARTS[0][0].reveal(Purpose.TEST)
    for name in (content, f"{content}-wal"):
        kept = Path(name).read_bytes()
        assert component not in kept
        assert component.hex().encode() not in kept.lower()


def test_one_person_never_enters_both_components(room, assigned):
    ceremony = begin()
    enter(ceremony, KEEPER_1, 1)
    assert refused(ceremony, KEEPER_1, 2) == "same_person"
    assert device().state == "stock"
    assert enter(ceremony, KEEPER_2, 2).state == "loaded"


@pytest.mark.parametrize(
    ("number", "changes", "fault"),
    [
        (1, {"typed": "zz"}, "no_component"),
        (1, {"check_value": "000000"}, "wrong_check_value"),
        (1, {"check_value": "xyz"}, "no_check_value"),
        (3, {}, "no_such_number"),
    ],
)
def test_a_wrong_component_is_refused_and_can_be_entered_again(
    room, assigned, number, changes, fault
):
    ceremony = begin()
    assert refused(ceremony, KEEPER_1, number, **changes) == fault
    assert ceremony.components.count() == 0
    assert enter(ceremony, KEEPER_1, 1).state == "open"
    assert refused(ceremony, KEEPER_2, 1) == "number_taken"


def test_components_of_another_key_end_the_ceremony_and_are_destroyed(room, assigned):
    from tongbao.platform.fleet.models import KeyCeremony

    ceremony = begin(check_value="AABBCCDD")
    enter(ceremony, KEEPER_1, 1)
    assert refused(ceremony, KEEPER_2, 2) == "wrong_key"
    row = KeyCeremony.objects.get()
    assert (row.state, row.end_reason, device().state) == ("refused", "wrong_key", "stock")
    assert room.components().names() == ()
    assert not room.host_keys().has(KeyName(f"tmk/{assigned.terminal_id}"))
    assert refused(ceremony, KEEPER_2, 2) == "not_open"


def test_a_ceremony_broken_off_half_way_leaves_nothing(room, assigned):
    from tongbao.platform.fleet import ceremonies

    ceremony = begin()
    enter(ceremony, KEEPER_1, 1)
    assert room.components().names() != ()
    ceremonies.abort(KEEPER_2, ceremony.pk, now_us=NOW)
    assert room.components().names() == ()
    assert refused(ceremony, KEEPER_2, 2) == "not_open"
    assert begin(now_us=NOW + 1).state == "open"


def test_half_an_hour_is_all_there_is(room, assigned):
    from tongbao.platform.fleet import ceremonies

    ceremony = begin()
    enter(ceremony, KEEPER_1, 1)
    assert refused(ceremony, KEEPER_2, 2, now_us=NOW + 30 * MINUTE) == "expired"
    assert room.components().names() == ()
    assert ceremonies.end_expired(NOW + 30 * MINUTE) == 0


def test_only_one_ceremony_is_open(room, assigned):
    from tongbao.platform.fleet.ceremonies import CeremonyRefusedError

    begin()
    with pytest.raises(CeremonyRefusedError, match="open_already"):
        begin()


def test_who_is_no_custodian_is_refused_with_one_entry_and_nothing_happens(room, assigned):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.fleet import ceremonies

    with pytest.raises(AccessDeniedError):
        ceremonies.open_ceremony(FLEET, SERIAL, algorithm="tdes", check_value=KCV, now_us=NOW)
    denied = AuditEntry.objects.filter(operation="keys.load")
    assert [row.outcome for row in denied] == ["denied"]
    assert device().ceremonies.count() == 0


def test_a_device_without_a_number_gets_no_key(room, stocked):
    from tongbao.platform.fleet.ceremonies import CeremonyRefusedError

    with pytest.raises(CeremonyRefusedError, match="not_assigned"):
        begin()


def test_what_is_refused_is_in_the_audit_log_without_the_component(room, assigned):
    from tongbao.platform.audit.models import AuditEntry

    refused(begin(), KEEPER_1, 1, check_value="000000")
    entry = AuditEntry.objects.filter(outcome="failed").get()
    assert "wrong_check_value" in entry.after
    assert PARTS[0][0].reveal(Purpose.TEST).hex() not in entry.after
