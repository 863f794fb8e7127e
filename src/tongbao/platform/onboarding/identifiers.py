"""Numbers that carry their own proof: credit code, resident id, bank account, phone. Pure."""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from stdnum import luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import InvalidChecksum, InvalidComponent, ValidationError

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


class Fault(StrEnum):
    """Why a number is not right."""

    MALFORMED = "malformed"
    CHECK_DIGIT = "check_digit"
    DATE = "date"


def compact(text: str) -> str:
    """Return a number without the spaces and dashes that people write for the eye."""
    return re.sub(r"[\s\u3000-]", "", text)


def credit_code_fault(code: str) -> Fault | None:
    """Check a unified social credit code 统一社会信用代码. Spec: GB 32100-2015."""
    if not re.fullmatch(r"[0-9A-Z]{18}", code):
        return Fault.MALFORMED
    try:
        uscc.validate(code)
    except InvalidChecksum:
        return Fault.CHECK_DIGIT
    except ValidationError:
        return Fault.MALFORMED
    return None


def is_sole_trader_code(code: str) -> bool:
    """Return whether a credit code was given to a sole trader: registry 9, kind 2."""
    return code.startswith("92")


def resident_id_fault(number: str) -> Fault | None:
    """Check a resident id 居民身份证号码. Spec: GB 11643-1999."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return Fault.MALFORMED
    try:
        ric.validate(number)
    except InvalidChecksum:
        return Fault.CHECK_DIGIT
    except InvalidComponent:
        return Fault.DATE
    except ValidationError:
        return Fault.MALFORMED
    return None


def birth_date_of(number: str) -> date:
    """Return the birth date in a resident id that has no fault."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def age_on(born: date, today: date) -> int:
    """Return the age in whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_mobile(phone: str) -> bool:
    """Return whether this is a mobile number of the mainland, with or without +86."""
    return _MOBILE.fullmatch(compact(phone).removeprefix("+86")) is not None


def is_phone(phone: str) -> bool:
    """Return whether this is a mobile or a landline number of the mainland."""
    return is_mobile(phone) or _LANDLINE.fullmatch(phone.strip()) is not None


def mobile_in_full(phone: str) -> str:
    """Return a mobile number as E.164, "+86…"."""
    return "+86" + compact(phone).removeprefix("+86")


def masked_phone(phone: str) -> str:
    """Return a phone number with its middle hidden, "+861990****001"."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 7 else "****"


def is_email(text: str) -> bool:
    """Return whether this looks like an e-mail address."""
    return len(text) <= 254 and _EMAIL.fullmatch(text) is not None


def card_account_fault(number: str) -> Fault | None:
    """Check the number of a personal account that is a bank card. Spec: ISO/IEC 7812-1."""
    if not re.fullmatch(r"[0-9]{16,19}", number):
        return Fault.MALFORMED
    return None if luhn.is_valid(number) else Fault.CHECK_DIGIT


def is_corporate_account(number: str) -> bool:
    """Return whether a number may be a company's account: 8 to 32 digits, no check digit."""
    return re.fullmatch(r"[0-9]{8,32}", number) is not None


def is_bank_code(code: str) -> bool:
    """Return whether a text may be a bank's number in the payment system 联行号: 12 digits."""
    return re.fullmatch(r"[0-9]{12}", code) is not None
