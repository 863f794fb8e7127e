"""Signing a contract: a code by text message, a signature on the screen, a document with a hash."""

from __future__ import annotations

import hashlib
import hmac
import io
import secrets
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from django.db import transaction
from PIL import Image

from tongbao.platform.access.enforce import require
from tongbao.platform.access.operations import Operation
from tongbao.platform.audit.services import Outcome, record
from tongbao.platform.bilingual import Words
from tongbao.platform.contracts.document import SignedPart, render
from tongbao.platform.contracts.models import Contract, ContractSigning, SigningCode
from tongbao.platform.contracts.offers import open_offer
from tongbao.platform.ids import new_id
from tongbao.platform.merchants.models import Merchant
from tongbao.platform.merchants.opening import ACTIVE, UNSIGNED
from tongbao.platform.onboarding.identifiers import masked_phone
from tongbao.platform.onboarding.records import locked, move
from tongbao.platform.onboarding.states import Act, State
from tongbao.platform.providers.ports import TextMessage
from tongbao.platform.providers.registry import providers
from tongbao.platform.sealing import data_key

if TYPE_CHECKING:
    from tongbao.platform.access.actor import Actor

CODE_VALID_US: Final = 10 * 60_000_000
TRIES_MAX: Final = 5
CODES_AN_HOUR_MAX: Final = 5
_HOUR_US: Final = 3_600_000_000
_SIGNATURE_MAX_BYTES: Final = 300_000
_SIGNATURE_SIDES: Final = range(60, 4_001)
# Fewer dark points than this are a slip of the finger and no signature.
_INK_MIN_POINTS: Final = 120
_CODE_TEXT: Final = Words(
    "【通宝】签约验证码 {code}，10 分钟内有效，合同编号 {number}。切勿告诉他人。",
    "[Tongbao] Signing code {code}, valid for 10 minutes, contract {number}. Tell it to nobody.",
)


class SigningRefusedError(Exception):
    """Nothing was signed; `code` says why.

    `no_offer`, `too_many_codes`, `no_code`, `code_expired`, `code_wrong`, `tries_used_up`,
    `signature_unusable`, `signature_empty`, `name_missing`.
    """

    def __init__(self, code: str, tries_left: int = 0) -> None:
        super().__init__(code)
        self.code = code
        self.tries_left = tries_left


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What the signer gives: the name, the picture (PNG), the code, the language that was read."""

    signer_name: str
    picture: bytes = field(repr=False)
    code: str = field(repr=False)
    language: str = "zh"


def send_code(actor: Actor, contract_id: str, *, now_us: int) -> SigningCode:
    """Send a confirmation code to the merchant's contact phone.

    The code's hash is durable before the message goes out. Raises: SigningRefusedError;
    ProviderUnavailableError; AccessDeniedError; Contract.DoesNotExist.
    """
    contract = _offered(actor, contract_id, now_us)
    phone = contract.merchant.contact_phone
    with transaction.atomic():
        recent = contract.codes.filter(sent_at_us__gt=now_us - _HOUR_US)
        if recent.count() >= CODES_AN_HOUR_MAX:
            raise SigningRefusedError("too_many_codes")
        code = f"{secrets.randbelow(1_000_000):06}"
        code_id = new_id("code")
        row = SigningCode.objects.create(
            code_id=code_id,
            contract=contract,
            user_id=actor.actor_id[:64],
            phone_masked=masked_phone(phone),
            code_hash=_code_hash(code_id, code),
            sent_at_us=now_us,
            expires_at_us=now_us + CODE_VALID_US,
        )
        record(
            actor,
            Operation.CONTRACT_SIGN,
            now_us=now_us,
            target=("signing_code", code_id),
            merchant_id=contract.merchant_id,
            after={"number": contract.number, "sent_to": row.phone_masked},
        )
    words = _CODE_TEXT.filled(code=code, number=contract.number)
    providers().sms.send(TextMessage(to=phone, text=words.into("zh")))
    return row


def sign(actor: Actor, contract_id: str, signature: Signature, *, now_us: int) -> ContractSigning:
    """Sign: the document is rendered, hashed, sealed and kept, and the merchant becomes active.

    Raises: SigningRefusedError; FontMissingError; AccessDeniedError; Contract.DoesNotExist.
    """
    contract = _offered(actor, contract_id, now_us)
    if not signature.signer_name.strip():
        raise SigningRefusedError("name_missing")
    _check_picture(signature.picture)
    code = _take_code(actor, contract, signature.code, now_us)
    part = SignedPart(
        signer_name=signature.signer_name.strip()[:80],
        picture=signature.picture,
        phone_masked=code.phone_masked,
        code_sent_at_us=code.sent_at_us,
        signed_at_us=now_us,
        address=actor.address[:64],
    )
    pdf = render(contract, part)
    with transaction.atomic():
        merchant = Merchant.objects.select_for_update().get(pk=contract.merchant_id)
        if ContractSigning.objects.filter(pk=contract_id).exists():
            raise SigningRefusedError("no_offer")
        row = ContractSigning.objects.create(
            contract=contract,
            signer_id=actor.actor_id[:64],
            signer_name=part.signer_name,
            phone_masked=part.phone_masked,
            code_sent_at_us=part.code_sent_at_us,
            address=part.address,
            language=signature.language[:8],
            signature_sealed=data_key().seal(part.picture, _context(contract_id, "signature")),
            signature_sha256=hashlib.sha256(part.picture).hexdigest(),
            pdf_sealed=data_key().seal(pdf, _context(contract_id, "pdf")),
            pdf_sha256=hashlib.sha256(pdf).hexdigest(),
            signed_at_us=now_us,
        )
        SigningCode.objects.filter(pk=code.pk).update(used_at_us=now_us)
        if merchant.status == UNSIGNED:
            merchant.status = ACTIVE
            merchant.is_active = True
            merchant.save(update_fields=["status", "is_active"])
        if contract.application_id is not None:
            application = locked(contract.application_id)
            if application.status == State.CONTRACT_OFFERED:
                move(application, Act.SIGN, actor, now_us=now_us)
        record(
            actor,
            Operation.CONTRACT_SIGN,
            now_us=now_us,
            target=("contract", contract_id),
            merchant_id=contract.merchant_id,
            after={
                "number": contract.number,
                "text_version": contract.version_id,
                "schedule_version": contract.schedule.version,
                "pdf_sha256": row.pdf_sha256,
            },
        )
    return row


def signed_document(actor: Actor, contract_id: str, *, now_us: int) -> bytes:
    """Return the PDF as it was signed.

    Raises: ContractSigning.DoesNotExist; AccessDeniedError; SealError when it is not what was kept.
    """
    signing = ContractSigning.objects.select_related("contract").get(pk=contract_id)
    require(
        actor,
        Operation.CONTRACT_VIEW,
        now_us=now_us,
        merchant_id=signing.contract.merchant_id,
        target=("contract", contract_id),
    )
    return data_key().open(bytes(signing.pdf_sealed), _context(contract_id, "pdf"))


def _offered(actor: Actor, contract_id: str, now_us: int) -> Contract:
    contract = Contract.objects.select_related("merchant", "schedule", "version").get(
        pk=contract_id
    )
    require(
        actor,
        Operation.CONTRACT_SIGN,
        now_us=now_us,
        merchant_id=contract.merchant_id,
        target=("contract", contract_id),
    )
    offer = open_offer(contract.merchant_id, now_us=now_us)
    if offer is None or offer.pk != contract_id:
        raise SigningRefusedError("no_offer")
    return contract


def _take_code(actor: Actor, contract: Contract, code: str, now_us: int) -> SigningCode:
    """Compare a code; a wrong try is durable before it is told."""
    with transaction.atomic():
        newest = (
            SigningCode.objects.select_for_update()
            .filter(contract=contract, user_id=actor.actor_id[:64], used_at_us=None)
            .order_by("-sent_at_us", "-code_id")
            .first()
        )
        if newest is None:
            raise SigningRefusedError("no_code")
        if now_us >= newest.expires_at_us:
            raise SigningRefusedError("code_expired")
        if newest.tries >= TRIES_MAX:
            raise SigningRefusedError("tries_used_up")
        if hmac.compare_digest(_code_hash(newest.pk, code.strip()), newest.code_hash):
            return newest
        newest.tries += 1
        newest.save(update_fields=["tries"])
        record(
            actor,
            Operation.CONTRACT_SIGN,
            now_us=now_us,
            outcome=Outcome.FAILED,
            target=("contract", contract.pk),
            merchant_id=contract.merchant_id,
            detail="code_wrong",
        )
    left = TRIES_MAX - newest.tries
    raise SigningRefusedError("code_wrong" if left else "tries_used_up", left)


def _check_picture(content: bytes) -> None:
    """Refuse what is no PNG of a signature.

    Raises: SigningRefusedError.
    """
    if not content.startswith(b"\x89PNG\r\n\x1a\n") or len(content) > _SIGNATURE_MAX_BYTES:
        raise SigningRefusedError("signature_unusable")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content)) as picture:
                if picture.width not in _SIGNATURE_SIDES or picture.height not in _SIGNATURE_SIDES:
                    raise SigningRefusedError("signature_unusable")
                on_white = Image.new("RGBA", picture.size, "white")
                on_white.alpha_composite(picture.convert("RGBA"))
    except (OSError, SyntaxError, ValueError, Warning):
        raise SigningRefusedError("signature_unusable") from None
    dark = sum(on_white.convert("L").histogram()[:128])
    if dark < _INK_MIN_POINTS:
        raise SigningRefusedError("signature_empty")


def _code_hash(code_id: str, code: str) -> str:
    return data_key().token(f"{code_id}\0{code}", "signing code")


def _context(contract_id: str, what: str) -> str:
    return f"contracts_contractsigning.{what} {contract_id}"
