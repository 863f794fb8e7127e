"""The one-fen deposit: proves that the applicant reads the account that will be paid."""

from __future__ import annotations

import hmac
import secrets
from typing import TYPE_CHECKING, Final

from django.db import transaction

from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.ids import new_id
from tongbao.platform.onboarding.models import Application, OneFenDeposit
from tongbao.platform.onboarding.notices import DEPOSIT_SENT, tell_applicant
from tongbao.platform.onboarding.records import found, secrets_of
from tongbao.platform.onboarding.states import FINAL, Act, ActNotPossibleError, State
from tongbao.platform.providers.ports import AccountClaim
from tongbao.platform.providers.registry import providers
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

TRIES_MAX: Final = 5
VALID_US: Final = 3 * 86_400_000_000
A_DAY_MAX: Final = 3
_DAY_US: Final = 86_400_000_000
_CODE_DIGITS: Final = 6


class DepositRefusedError(Exception):
    """The deposit cannot be sent or the code is not taken; `code` says why.

    `account_missing`, `too_many` (three a day), `none_sent`, `wrong_code`, `tries_used_up`,
    `expired`.
    """

    def __init__(self, code: str, tries_left: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.tries_left = tries_left


def claim_of(application: Application) -> AccountClaim:
    """Return whose account an application names."""
    return AccountClaim(
        holder=str(application.data.get("account_holder", "")),
        number=str(secrets_of(application).get("account_number", "")),
        bank=str(application.data.get("account_bank", "")),
    )


def account_token(number: str) -> str:
    """Return what an account number is found by."""
    return data_key().token(number, "account number")


def newest_deposit(application: Application) -> OneFenDeposit | None:
    """Return the newest deposit to the account that the application names now."""
    token = account_token(claim_of(application).number)
    rows = application.deposits.filter(account_token=token)
    return rows.order_by("-sent_at_us", "-deposit_id").first()


def is_confirmed(application: Application) -> bool:
    """Return whether the code of a deposit to this account was typed back."""
    token = account_token(claim_of(application).number)
    rows = application.deposits.filter(account_token=token, confirmed_at_us__isnull=False)
    return rows.exists()


def send(actor: Actor, application_id: str, *, now_us: int) -> OneFenDeposit:
    """Have the bank pay one fen to the account with a code in the remark.

    The row is durable before the bank is asked, under the reference that it pays once only.
    Raises: DepositRefusedError; ProviderUnavailableError; ActNotPossibleError; AccessDeniedError;
    Application.DoesNotExist.
    """
    found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    with transaction.atomic():
        application = Application.objects.select_for_update().get(pk=application_id)
        state = State(application.status)
        if state in FINAL:
            raise ActNotPossibleError(state, Act.SAVE)
        claim = claim_of(application)
        if not (claim.holder and claim.number):
            raise DepositRefusedError("account_missing")
        today = application.deposits.filter(sent_at_us__gt=now_us - _DAY_US)
        if today.count() >= A_DAY_MAX:
            raise DepositRefusedError("too_many")
        code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
        deposit_id = new_id("deposit")
        deposit = OneFenDeposit.objects.create(
            deposit_id=deposit_id,
            application=application,
            account_token=account_token(claim.number),
            code_hash=_code_hash(deposit_id, code),
            sent_at_us=now_us,
            expires_at_us=now_us + VALID_US,
        )
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            target=("application", application_id),
            after={"kind": "one_fen_deposit"},
        )
    reference = providers().bank.send_one_fen(claim, remark=code, reference=deposit_id)
    with transaction.atomic():
        OneFenDeposit.objects.filter(pk=deposit_id).update(bank_reference=reference[:64])
        tell_applicant(application, DEPOSIT_SENT, last4=claim.number[-4:])
    deposit.bank_reference = reference[:64]
    return deposit


def confirm(actor: Actor, application_id: str, code: str, *, now_us: int) -> OneFenDeposit:
    """Take the code that was read in the remark; five tries a deposit.

    Raises: DepositRefusedError; AccessDeniedError; Application.DoesNotExist.
    """
    application = found(actor, Operation.APPLICATION_CHANGE, application_id, now_us=now_us)
    newest = newest_deposit(application)
    if newest is None:
        raise DepositRefusedError("none_sent")
    with transaction.atomic():
        deposit = OneFenDeposit.objects.select_for_update().get(pk=newest.pk)
        if deposit.confirmed_at_us is not None:
            return deposit
        if deposit.tries >= TRIES_MAX:
            raise DepositRefusedError("tries_used_up")
        if now_us >= deposit.expires_at_us:
            raise DepositRefusedError("expired")
        right = hmac.compare_digest(_code_hash(deposit.pk, code.strip()), deposit.code_hash)
        if right:
            deposit.confirmed_at_us = now_us
            rows = application.findings.filter(code="deposit_unconfirmed", cleared_at_us=None)
            rows.update(cleared_at_us=now_us)
        else:
            deposit.tries += 1
        deposit.save(update_fields=["confirmed_at_us", "tries"])
        record(
            actor,
            Operation.APPLICATION_CHANGE,
            now_us=now_us,
            outcome=Outcome.DONE if right else Outcome.FAILED,
            target=("application", application_id),
            after={"kind": "one_fen_code"},
        )
    # Outside the transaction: a wrong try is kept.
    if not right:
        left = TRIES_MAX - deposit.tries
        raise DepositRefusedError("wrong_code" if left else "tries_used_up", left)
    return deposit


def _code_hash(deposit_id: str, code: str) -> str:
    return data_key().token(f"{deposit_id}\0{code}", "one-fen code")
