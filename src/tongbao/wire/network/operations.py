"""What a host can ask an issuer to do with a card, and by which fields a message says it.

Spec: the network dialect, docs/network-dialect.md; the values of F3 and F25 are those of the
UnionPay terminal dialect, 3.0, so that a host copies them. The one exception is the adjustment,
which a terminal tells from an offline sale by 60.1 alone; here it has a processing code.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

SALE_MTI: Final = "0200"
PRE_AUTHORISATION_MTI: Final = "0100"
ADVICE_MTI: Final = "0220"
PRE_AUTHORISATION_CONDITION: Final = "06"

_TAKE: Final = "000000"
_HOLD: Final = "030000"
_ADJUST: Final = "020000"
_GIVE_BACK: Final = "200000"
_BALANCE: Final = "310000"


class Operation(Enum):
    """What is asked; the value is how books and pages call it."""

    SALE = "sale"
    BALANCE = "balance"
    VOID = "void"
    REFUND = "refund"
    PRE_AUTHORISATION = "pre_authorisation"
    PRE_AUTHORISATION_VOID = "pre_authorisation_void"
    COMPLETION = "completion"
    COMPLETION_ADVICE = "completion_advice"
    COMPLETION_VOID = "completion_void"
    OFFLINE_SALE = "offline_sale"
    """A sale that was granted by phone and comes in afterwards."""
    ADJUSTMENT = "adjustment"
    """The new total of a sale or an offline sale: a tip, a corrected amount."""

    @property
    def form(self) -> Form:
        """The fields that say it."""
        return _FORMS[self]

    @property
    def names_original(self) -> bool:
        """Whether F62 names an original."""
        return self not in _WITHOUT_ORIGINAL

    @property
    def is_reversible(self) -> bool:
        """Whether an 0420 can undo it: what comes as an advice stands, and so does a balance."""
        return self not in _IRREVERSIBLE


class Form(NamedTuple):
    """Message type, F3, and whether F25 says that it belongs to a pre-authorisation."""

    mti: str
    processing_code: str
    is_pre_authorisation: bool


_FORMS: Final = {
    Operation.SALE: Form(SALE_MTI, _TAKE, is_pre_authorisation=False),
    Operation.BALANCE: Form(SALE_MTI, _BALANCE, is_pre_authorisation=False),
    Operation.VOID: Form(SALE_MTI, _GIVE_BACK, is_pre_authorisation=False),
    Operation.REFUND: Form(ADVICE_MTI, _GIVE_BACK, is_pre_authorisation=False),
    Operation.PRE_AUTHORISATION: Form(PRE_AUTHORISATION_MTI, _HOLD, is_pre_authorisation=True),
    Operation.PRE_AUTHORISATION_VOID: Form(
        PRE_AUTHORISATION_MTI, _GIVE_BACK, is_pre_authorisation=True
    ),
    Operation.COMPLETION: Form(SALE_MTI, _TAKE, is_pre_authorisation=True),
    Operation.COMPLETION_ADVICE: Form(ADVICE_MTI, _TAKE, is_pre_authorisation=True),
    Operation.COMPLETION_VOID: Form(SALE_MTI, _GIVE_BACK, is_pre_authorisation=True),
    Operation.OFFLINE_SALE: Form(ADVICE_MTI, _TAKE, is_pre_authorisation=False),
    Operation.ADJUSTMENT: Form(ADVICE_MTI, _ADJUST, is_pre_authorisation=False),
}
_BY_FORM: Final = {form: operation for operation, form in _FORMS.items()}
_WITHOUT_ORIGINAL: Final = frozenset(
    {Operation.SALE, Operation.BALANCE, Operation.PRE_AUTHORISATION, Operation.OFFLINE_SALE}
)
_IRREVERSIBLE: Final = frozenset(
    operation
    for operation, form in _FORMS.items()
    if form.mti == ADVICE_MTI or operation is Operation.BALANCE
)


def operation_of(mti: str, processing_code: str, condition: str | None) -> Operation | None:
    """Return what a request asks by its type, F3 and F25, or None when nobody knows it.

    Any F25 but 06 is a normal one: a mail order is a sale that may come without a PIN.
    """
    is_pre_authorisation = condition == PRE_AUTHORISATION_CONDITION
    return _BY_FORM.get(Form(mti, processing_code, is_pre_authorisation))
