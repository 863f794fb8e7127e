"""Contracts: signed with a code and a picture, never edited, and the only way to other fees."""

import pytest

from tests.platform.onboarding.conftest import (
    MINUTE_US,
    NOON_US,
    again,
    approved,
    code_sent,
    person,
    reviewer,
    signature_picture,
)
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.contracts.fees import STANDARD_RATES, Method, Rate


def offered(world):
    """An owner and the contract that waits for the signature."""
    from tongbao.platform.contracts.offers import open_offer
    from tongbao.platform.onboarding.models import Application

    stranger = person()
    application_id = approved(world, stranger, reviewer())
    merchant_id = Application.objects.get(pk=application_id).merchant_id
    return again(stranger), open_offer(merchant_id, now_us=NOON_US)


def sign(world, owner, contract, *, now_us=NOON_US, code=None, picture=None):
    from tongbao.platform.contracts import signing

    signature = signing.Signature(
        signer_name="林晓晨",
        picture=picture or signature_picture(),
        code=code or code_sent(world),
    )
    return signing.sign(owner, contract.pk, signature, now_us=now_us)


def send(owner, contract, *, now_us=NOON_US):
    from tongbao.platform.contracts import signing

    return signing.send_code(owner, contract.pk, now_us=now_us)


def refusal(call):
    from tongbao.platform.contracts.signing import SigningRefusedError

    with pytest.raises(SigningRefusedError) as refused:
        call()
    return refused.value.code, refused.value.tries_left


def test_five_wrong_codes_are_taken_and_then_even_the_right_one_is_not(django_sqlite, world):
    from tongbao.platform.contracts.models import ContractSigning

    del django_sqlite
    owner, contract = offered(world)
    assert refusal(lambda: sign(world, owner, contract, code="000000"))[0] == "no_code"
    send(owner, contract)
    right = code_sent(world)
    wrong = "000000" if right != "000000" else "111111"
    lefts = [refusal(lambda: sign(world, owner, contract, code=wrong)) for _ in range(5)]
    assert [code for code, _ in lefts] == ["code_wrong"] * 4 + ["tries_used_up"]
    assert [left for _, left in lefts] == [4, 3, 2, 1, 0]
    assert refusal(lambda: sign(world, owner, contract, code=right))[0] == "tries_used_up"
    assert not ContractSigning.objects.exists()
    send(owner, contract, now_us=NOON_US + 1)
    sign(world, owner, contract, now_us=NOON_US + 2)
    assert ContractSigning.objects.count() == 1
    again_code, _ = refusal(lambda: sign(world, owner, contract, now_us=NOON_US + 3))
    assert again_code == "no_offer"


def test_a_code_is_valid_for_ten_minutes_and_five_are_sent_an_hour(django_sqlite, world):
    del django_sqlite
    owner, contract = offered(world)
    for _ in range(5):
        send(owner, contract)
    assert refusal(lambda: send(owner, contract))[0] == "too_many_codes"
    late = NOON_US + 10 * MINUTE_US
    assert refusal(lambda: sign(world, owner, contract, now_us=late))[0] == "code_expired"


@pytest.mark.parametrize(
    ("picture", "code"),
    [(b"not a picture", "signature_unusable"), ("empty", "signature_empty")],
)
def test_what_is_no_signature_is_refused(django_sqlite, world, picture, code):
    import io

    from PIL import Image

    del django_sqlite
    owner, contract = offered(world)
    send(owner, contract)
    if picture == "empty":
        target = io.BytesIO()
        Image.new("RGBA", (300, 120), (0, 0, 0, 0)).save(target, "PNG")
        picture = target.getvalue()
    assert refusal(lambda: sign(world, owner, contract, picture=picture))[0] == code


def test_nobody_but_the_owner_signs_or_reads_the_document(django_sqlite, world):
    from tongbao.platform.access.enforce import AccessDeniedError
    from tongbao.platform.audit.models import AuditEntry
    from tongbao.platform.contracts import signing

    del django_sqlite
    owner, contract = offered(world)
    send(owner, contract)
    for other in (person("other"), reviewer("fleet", StaffRole.FLEET)):
        sent, entries = len(world.sms.sent), AuditEntry.objects.count()
        for attempt in (
            lambda: sign(world, other, contract),  # noqa: B023 - called at once
            lambda: send(other, contract),  # noqa: B023 - called at once
        ):
            with pytest.raises(AccessDeniedError):
                attempt()
        assert len(world.sms.sent) == sent
        assert AuditEntry.objects.count() == entries + 2
    sign(world, owner, contract)
    with pytest.raises(AccessDeniedError):
        signing.signed_document(person("third"), contract.pk, now_us=NOON_US)


def test_the_database_refuses_to_edit_fees_texts_offers_and_signatures(django_database, world):
    from django.db import DatabaseError, transaction

    from tongbao.platform.contracts.models import (
        Contract,
        ContractSigning,
        ContractVersion,
        FeeSchedule,
    )

    del django_database
    owner, contract = offered(world)
    send(owner, contract)
    sign(world, owner, contract)
    for model, change in (
        (FeeSchedule, {"rates": {}}),
        (ContractVersion, {"text_zh": "other"}),
        (Contract, {"reason": "other"}),
        (ContractSigning, {"signer_name": "other"}),
    ):
        for act in (
            lambda: model.objects.update(**change),  # noqa: B023 - called at once
            lambda: model.objects.all().delete(),  # noqa: B023 - called at once
        ):
            with pytest.raises(DatabaseError), transaction.atomic():
                act()


def test_fees_change_only_after_two_people_and_the_merchants_signature(django_sqlite, world):
    from tongbao.platform.approvals import services as approvals
    from tongbao.platform.approvals.services import ChangeRefusedError
    from tongbao.platform.contracts.fee_changes import ask_for_fees
    from tongbao.platform.contracts.offers import open_offer, rates_in_force

    del django_sqlite
    owner, contract = offered(world)
    send(owner, contract)
    sign(world, owner, contract)
    merchant_id = contract.merchant_id
    asker = reviewer("asker", StaffRole.SETTLEMENT)
    decider = reviewer("decider", StaffRole.SETTLEMENT)
    rates = {**STANDARD_RATES, Method.CREDIT_CARD: Rate(5_500)}
    later = NOON_US + MINUTE_US
    request = ask_for_fees(asker, merchant_id, rates, reason="long custom", now_us=later)
    with pytest.raises(ChangeRefusedError):
        approvals.decide(asker, request.pk, approve=True, note="", now_us=later)
    approvals.decide(decider, request.pk, approve=True, note="", now_us=later)
    assert rates_in_force(merchant_id, at_us=later) == STANDARD_RATES
    newer = open_offer(merchant_id, now_us=later)
    send(owner, newer, now_us=later)
    sign(world, owner, newer, now_us=later + 1)
    assert rates_in_force(merchant_id, at_us=later) == STANDARD_RATES
    assert rates_in_force(merchant_id, at_us=later + 1)[Method.CREDIT_CARD] == Rate(5_500)


def test_a_missing_font_is_told_with_the_package_to_install(monkeypatch):
    from pathlib import Path

    from tongbao.platform.contracts import document

    monkeypatch.setattr(document, "FONT_FILE", Path("/nowhere.ttc"))
    monkeypatch.setattr(document, "_FONT", "NeverLoaded")
    with pytest.raises(document.FontMissingError, match="fonts-wqy-microhei"):
        document._load_font()
