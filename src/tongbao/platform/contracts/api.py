"""A merchant's contract and fees: read, confirm by text message, sign, keep."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from django.http import HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from ninja import Router
from pydantic import Field

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.problems import Problem, invalid, not_found
from tongbao.platform.api.shapes import (
    In,
    MerchantNumber,
    Out,
    Words,
    moment,
    moment_or_none,
)
from tongbao.platform.contracts import signing
from tongbao.platform.contracts.document import render
from tongbao.platform.contracts.fees import Method, rates_of
from tongbao.platform.contracts.models import Contract, ContractSigning, FeeSchedule
from tongbao.platform.contracts.offers import NoContractError, contract_in_force, open_offer
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.onboarding.api_public import fee_out
from tongbao.platform.onboarding.identifiers import masked_phone
from tongbao.platform.onboarding.problems import told_refusals
from tongbao.platform.onboarding.shapes import FeeOut

router = Router(tags=["contracts"])


class FeesOut(Out):
    """A schedule of fees by version, and since when it counts for the merchant."""

    version: int
    sha256: str
    title: str
    since: datetime | None
    contract_number: str
    items: list[FeeOut]


class ContractOut(Out):
    """A contract: offered, or signed when `signed_at` is there. The text is in the language asked.

    `text` marks titles with # and ##. `sms_to`: where the confirmation code goes.
    """

    contract_id: str
    number: str
    text_version: int
    text_sha256: str
    text: str
    fees: FeesOut
    reason: str
    offered_at: datetime
    expires_at: datetime
    sms_to: str
    signed_at: datetime | None
    signer_name: str
    pdf_sha256: str


class ContractsOut(Out):
    """The contract in force and the one that waits for a signature; either may be missing."""

    in_force: ContractOut | None
    offered: ContractOut | None


class CodeSentOut(Out):
    """A confirmation code is on its way."""

    sms_to: str
    expires_at: datetime


class SignatureIn(In):
    """The signature: the signer's name, a PNG picture in base64, the six digits."""

    signer_name: Annotated[Words, Field(max_length=80)]
    signature_png: Annotated[str, Field(min_length=1, max_length=400_000)]
    code: Annotated[str, Field(min_length=1, max_length=12)]


@router.get("/merchants/{merchant_id}/contract", response=ContractsOut, operation_id="get_contract")
@operation(Operation.CONTRACT_VIEW)
def get_contract(request: ApiRequest, merchant_id: MerchantNumber) -> ContractsOut:
    """Tell the contract in force and the one that waits to be signed."""
    Merchant.objects.get(pk=merchant_id)
    offered = open_offer(merchant_id, now_us=request.now_us)
    try:
        in_force = _contract_out(contract_in_force(merchant_id, at_us=request.now_us))
    except NoContractError:
        in_force = None
    return ContractsOut(
        in_force=in_force, offered=_contract_out(offered) if offered is not None else None
    )


@router.post(
    "/merchants/{merchant_id}/contract/sms",
    response=CodeSentOut,
    operation_id="send_signing_code",
)
@operation(Operation.CONTRACT_SIGN, asks_others=True)
def send_signing_code(request: ApiRequest, merchant_id: MerchantNumber) -> CodeSentOut:
    """Send a confirmation code to the merchant's contact phone; valid for ten minutes."""
    contract = _offer_of(merchant_id, request.now_us)
    with told_refusals():
        code = signing.send_code(request.actor, contract.pk, now_us=request.now_us)
    return CodeSentOut(sms_to=code.phone_masked, expires_at=moment(code.expires_at_us))


@router.post(
    "/merchants/{merchant_id}/contract/sign",
    response=ContractOut,
    operation_id="sign_contract",
)
@operation(Operation.CONTRACT_SIGN, asks_others=True)
def sign_contract(
    request: ApiRequest, merchant_id: MerchantNumber, body: SignatureIn
) -> ContractOut:
    """Sign the contract that is offered; the merchant may trade from then on."""
    contract = _offer_of(merchant_id, request.now_us)
    try:
        picture = base64.b64decode(body.signature_png.rpartition(",")[2], validate=True)
    except (binascii.Error, ValueError):
        raise invalid("signature_png", _("Send the picture as base64."), "base64") from None
    signature = signing.Signature(
        signer_name=body.signer_name,
        picture=picture,
        code=body.code,
        language=get_language() or "en",
    )
    with told_refusals():
        signing.sign(request.actor, contract.pk, signature, now_us=request.now_us)
    return _contract_out(contract_in_force(merchant_id, at_us=request.now_us))


@router.get(
    "/merchants/{merchant_id}/contract.pdf",
    response={200: None},
    operation_id="get_contract_pdf",
)
@operation(Operation.CONTRACT_VIEW)
def get_contract_pdf(request: ApiRequest, merchant_id: MerchantNumber) -> HttpResponse:
    """Give the signed document; before the signature the offer, marked as not signed."""
    with told_refusals():
        offered = open_offer(merchant_id, now_us=request.now_us)
        if offered is not None:
            return _pdf(offered.number, render(offered))
        try:
            contract = contract_in_force(merchant_id, at_us=request.now_us)
        except NoContractError:
            raise not_found() from None
        content = signing.signed_document(request.actor, contract.pk, now_us=request.now_us)
    return _pdf(contract.number, content)


@router.get("/merchants/{merchant_id}/fees", response=FeesOut, operation_id="get_fees")
@operation(Operation.FEES_VIEW)
def get_fees(request: ApiRequest, merchant_id: MerchantNumber) -> FeesOut:
    """Tell the fees in force: those of the contract that was signed last."""
    try:
        contract = contract_in_force(merchant_id, at_us=request.now_us)
    except NoContractError:
        raise Problem(404, "no_contract", _("No contract is signed yet.")) from None
    return _fees_out(contract.schedule, contract)


def _offer_of(merchant_id: str, now_us: int) -> Contract:
    offered = open_offer(merchant_id, now_us=now_us)
    if offered is None:
        with told_refusals():
            raise signing.SigningRefusedError("no_offer")
    return offered


def _contract_out(contract: Contract) -> ContractOut:
    signed: ContractSigning | None = getattr(contract, "signing", None)
    is_chinese = (get_language() or "").startswith("zh")
    return ContractOut(
        contract_id=contract.pk,
        number=contract.number,
        text_version=contract.version_id,
        text_sha256=contract.version.sha256,
        text=contract.version.text_zh if is_chinese else contract.version.text_en,
        fees=_fees_out(contract.schedule, contract),
        reason=contract.reason,
        offered_at=moment(contract.offered_at_us),
        expires_at=moment(contract.expires_at_us),
        sms_to=masked_phone(contract.merchant.contact_phone),
        signed_at=moment_or_none(signed.signed_at_us if signed else None),
        signer_name=signed.signer_name if signed else "",
        pdf_sha256=signed.pdf_sha256 if signed else "",
    )


def _fees_out(schedule: FeeSchedule, contract: Contract) -> FeesOut:
    signed: ContractSigning | None = getattr(contract, "signing", None)
    rates = rates_of(schedule.rates)
    is_chinese = (get_language() or "").startswith("zh")
    return FeesOut(
        version=schedule.version,
        sha256=schedule.sha256,
        title=schedule.title if is_chinese else schedule.title_en,
        since=moment_or_none(signed.signed_at_us if signed else None),
        contract_number=contract.number,
        items=[fee_out(method, rates[method]) for method in Method],
    )


def _pdf(number: str, content: bytes) -> HttpResponse:
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{number}.pdf"'
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "no-store"
    return response
