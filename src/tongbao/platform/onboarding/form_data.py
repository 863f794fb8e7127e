"""The fields of an application: which there are, which are secret, how they are tidied. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tongbao.platform.onboarding.checks import Form
from tongbao.platform.onboarding.identifiers import compact
from tongbao.platform.onboarding.tiers import Tier

TEXT_FIELDS: Final[dict[str, int]] = {
    "name": 80,
    "name_en": 80,
    "registered_name": 120,
    "credit_code": 18,
    "licence_begins": 10,
    "licence_expires": 10,
    "legal_person": 60,
    "id_begins": 10,
    "id_expires": 10,
    "contact_phone": 20,
    "contact_email": 254,
    "shop_name": 80,
    "shop_city": 40,
    "shop_address": 200,
    "mcc": 4,
    "account_kind": 16,
    "account_holder": 120,
    "account_bank": 80,
    "account_bank_code": 12,
    "device_model": 16,
    "remarks": 500,
}
NUMBER_FIELDS: Final = ("shop_latitude_udeg", "shop_longitude_udeg", "monthly_turnover_minor")
SECRET_FIELDS: Final[dict[str, int]] = {"resident_id": 18, "account_number": 32}
_NUMBERS_OF_LETTERS: Final = frozenset({"credit_code", "resident_id", "account_number"})


class UnknownFieldError(ValueError):
    """A form has no such field, or the value is of another kind; the text names the field."""


def tidied(changes: Mapping[str, str | int | None]) -> dict[str, str | int | None]:
    """Return changes as they are kept: blanks cut, letters of numbers large; None clears a field.

    Raises: UnknownFieldError.
    """
    return {name: _tidy(name, value) for name, value in changes.items()}


def _tidy(name: str, value: str | int | None) -> str | int | None:
    if value is None:
        if name in TEXT_FIELDS or name in SECRET_FIELDS or name in NUMBER_FIELDS:
            return None
        raise UnknownFieldError(name)
    if name in NUMBER_FIELDS:
        if type(value) is not int or not -(10**15) < value < 10**15:
            raise UnknownFieldError(name)
        return value
    length = TEXT_FIELDS.get(name) or SECRET_FIELDS.get(name)
    if length is None or not isinstance(value, str):
        raise UnknownFieldError(name)
    text = compact(value).upper() if name in _NUMBERS_OF_LETTERS else value.strip()
    return text[:length]


def merged(
    old: Mapping[str, str | int], changes: Mapping[str, str | int | None]
) -> dict[str, str | int]:
    """Return fields with changes put in; cleared ones are left out."""
    return {
        name: value
        for name, value in {**old, **changes}.items()
        if value is not None and value != ""
    }


def form_from(tier: Tier, data: Mapping[str, str | int], secrets: Mapping[str, str | int]) -> Form:
    """Return the form that the checks read."""
    return Form(
        tier=tier,
        data=data,
        resident_id=str(secrets.get("resident_id", "")),
        account_number=str(secrets.get("account_number", "")),
    )


def shown_secrets(secrets: Mapping[str, str | int]) -> dict[str, str]:
    """Return the secrets as people see them: the last four characters."""
    return {
        name: f"…{str(secrets[name])[-4:]}" if len(str(secrets.get(name, ""))) > 4 else ""
        for name in SECRET_FIELDS
        if secrets.get(name)
    }
