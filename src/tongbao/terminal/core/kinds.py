"""The kinds of transaction this terminal can do, as data: what each needs, says and counts for.

What hosts differ in is asked of the host profile, never decided here.

Spec: UnionPay terminal dialect, 3.0, 3.0.1 and 7.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.wire.unionpay import transactions as wire

if TYPE_CHECKING:
    from tongbao.terminal.settings import TerminalSettings
    from tongbao.wire.unionpay.transactions import Resolution, Transaction


class Group(Enum):
    """Where the menu shows a kind."""

    SALE = "sale"
    PRE_AUTHORISATION = "pre_authorisation"
    OTHER = "other"


class AmountFrom(Enum):
    """Where field 4 comes from: the cashier, the original, the original and a tip, or nowhere."""

    KEYED = "keyed"
    ORIGINAL = "original"
    ORIGINAL_AND_TIP = "original_and_tip"
    NOWHERE = "nowhere"


class OriginalBy(Enum):
    """How the original transaction is named."""

    NOTHING = "nothing"
    TRACE = "trace"
    RRN = "rrn"
    AUTH_CODE = "auth_code"
    PHONE = "phone"


class PinUse(Enum):
    """Whether a PIN belongs to it; two kinds of case are the host profile's."""

    NEVER = "never"
    REQUIRED = "required"
    OPTIONAL = "optional"
    AS_VOID = "as_void"
    AS_COMPLETION = "as_completion"


class CardUse(Enum):
    """Whether the card is read: always, as the host profile says for voids, or known already."""

    ALWAYS = "always"
    AS_VOID = "as_void"
    KNOWN = "known"


class CountsAs(Enum):
    """What an approved one does to the totals of the batch.

    UNDO takes its original back, CHANGE puts a new amount in the place of the original's.
    """

    DEBIT = "debit"
    CREDIT = "credit"
    UNDO = "undo"
    CHANGE = "change"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRule:
    """One kind: `zh` and `en` are the words on the menu, `slip_en` those on paper.

    `code` is what a cashier types for it. `originals` are the kinds it may refer to. `field61` is
    the count of digits of field 61 (12: batch and trace, 16: with date, 29: with the way of
    authorisation); `has_rrn`, `has_auth_code` and `has_organisation` are fields 37, 38 and 63.
    `field60_digits` is 13 up to 60.5, 14 up to 60.6.
    """

    code: str
    transaction: Transaction
    zh: str
    en: str
    slip_zh: str
    slip_en: str
    group: Group
    amount: AmountFrom = AmountFrom.KEYED
    original: OriginalBy = OriginalBy.NOTHING
    originals: frozenset[str] = frozenset()
    card: CardUse = CardUse.ALWAYS
    pin: PinUse = PinUse.NEVER
    is_keyed_only: bool = False
    counts: CountsAs = CountsAs.NOTHING
    field60_digits: int = 14
    field61: int = 0
    has_rrn: bool = False
    has_auth_code: bool = False
    has_organisation: bool = False

    @property
    def kind(self) -> str:
        """The word for it in the journal, on the wire to the screen and in the books."""
        return self.transaction.kind

    @property
    def resolution(self) -> Resolution:
        """How one with an unknown result ends."""
        return self.transaction.resolution

    @property
    def takes_money_back(self) -> bool:
        """Whether it gives money back: shown with a minus."""
        return self.counts in {CountsAs.CREDIT, CountsAs.UNDO}

    @property
    def refuses_blacklisted(self) -> bool:
        """Whether a blacklisted card is refused: not where an earlier payment is dealt with."""
        return self.original in {OriginalBy.NOTHING, OriginalBy.PHONE}

    def needs_card(self, settings: TerminalSettings) -> bool:
        """Whether the card is read for it."""
        if self.card is CardUse.AS_VOID:
            return settings.profile.card_on_void
        return self.card is CardUse.ALWAYS

    def pin_use(self, settings: TerminalSettings) -> PinUse:
        """Return NEVER, OPTIONAL or REQUIRED as the host profile has it."""
        if self.pin is PinUse.AS_VOID:
            wanted = settings.profile.pin_on_void and self.needs_card(settings)
        elif self.pin is PinUse.AS_COMPLETION:
            wanted = settings.profile.pin_on_completion
        else:
            return self.pin
        return PinUse.OPTIONAL if wanted else PinUse.NEVER

    def needs_supervisor(self, settings: TerminalSettings) -> bool:
        """Whether a supervisor must approve it."""
        function = settings.functions.get(self.kind)
        is_supervisors = function is not None and function.role == "supervisor"
        return is_supervisors or self.kind in settings.profile.supervisor_for

    def needs(self, settings: TerminalSettings) -> tuple[str, ...]:
        """Return what the cashier must give, in the words of the screen's protocol."""
        found = ["supervisor"] if self.needs_supervisor(settings) else []
        found += _ORIGINAL_NEEDS[self.original]
        if self.amount is AmountFrom.KEYED:
            found.append("amount")
        if self.amount is AmountFrom.ORIGINAL_AND_TIP:
            found.append("tip")
        if self.needs_card(settings):
            found.append("card")
        if self.pin_use(settings) is not PinUse.NEVER:
            found.append("pin")
        return tuple(found)


_ORIGINAL_NEEDS: Final[dict[OriginalBy, list[str]]] = {
    OriginalBy.NOTHING: [],
    OriginalBy.TRACE: ["original_trace"],
    OriginalBy.RRN: ["original_rrn", "original_date"],
    OriginalBy.AUTH_CODE: ["original_date", "auth_code"],
    OriginalBy.PHONE: ["auth_code"],
}

RULES: Final = (
    PaymentRule(
        code="01",
        transaction=wire.SALE,
        zh="消费",
        en="Sale",
        slip_zh="消费",
        slip_en="SALE",
        group=Group.SALE,
        pin=PinUse.OPTIONAL,
        counts=CountsAs.DEBIT,
    ),
    PaymentRule(
        code="02",
        transaction=wire.VOID,
        zh="消费撤销",
        en="Void",
        slip_zh="消费撤销",
        slip_en="VOID",
        group=Group.SALE,
        amount=AmountFrom.ORIGINAL,
        original=OriginalBy.TRACE,
        originals=frozenset({"sale", "mail_order", "offline_sale"}),
        card=CardUse.AS_VOID,
        pin=PinUse.AS_VOID,
        counts=CountsAs.UNDO,
        field61=12,
        has_rrn=True,
        has_auth_code=True,
    ),
    PaymentRule(
        code="03",
        transaction=wire.REFUND,
        zh="退货",
        en="Refund",
        slip_zh="退货",
        slip_en="REFUND",
        group=Group.SALE,
        original=OriginalBy.RRN,
        originals=frozenset(
            {"sale", "mail_order", "offline_sale", "completion", "completion_advice"}
        ),
        counts=CountsAs.CREDIT,
        field61=16,
        has_rrn=True,
        has_auth_code=True,
        has_organisation=True,
    ),
    PaymentRule(
        code="04",
        transaction=wire.BALANCE,
        zh="余额查询",
        en="Balance",
        slip_zh="余额查询",
        slip_en="BALANCE",
        group=Group.OTHER,
        amount=AmountFrom.NOWHERE,
        pin=PinUse.REQUIRED,
        field60_digits=13,
    ),
    PaymentRule(
        code="05",
        transaction=wire.PREAUTH,
        zh="预授权",
        en="Pre-authorisation",
        slip_zh="预授权",
        slip_en="AUTH",
        group=Group.PRE_AUTHORISATION,
        pin=PinUse.OPTIONAL,
    ),
    PaymentRule(
        code="06",
        transaction=wire.PREAUTH_VOID,
        zh="预授权撤销",
        en="Pre-authorisation void",
        slip_zh="预授权撤销",
        slip_en="CANCEL AUTH",
        group=Group.PRE_AUTHORISATION,
        original=OriginalBy.AUTH_CODE,
        originals=frozenset({"pre_authorisation"}),
        pin=PinUse.AS_VOID,
        field61=16,
        has_auth_code=True,
    ),
    PaymentRule(
        code="07",
        transaction=wire.COMPLETION,
        zh="预授权完成",
        en="Completion",
        slip_zh="预授权完成",
        slip_en="AUTH COMPLETE",
        group=Group.PRE_AUTHORISATION,
        original=OriginalBy.AUTH_CODE,
        originals=frozenset({"pre_authorisation"}),
        pin=PinUse.AS_COMPLETION,
        counts=CountsAs.DEBIT,
        field61=16,
        has_auth_code=True,
    ),
    PaymentRule(
        code="08",
        transaction=wire.COMPLETION_ADVICE,
        zh="预授权完成通知",
        en="Completion advice",
        slip_zh="预授权完成",
        slip_en="AUTH COMPLETE",
        group=Group.PRE_AUTHORISATION,
        original=OriginalBy.AUTH_CODE,
        originals=frozenset({"pre_authorisation"}),
        counts=CountsAs.DEBIT,
        field61=16,
        has_auth_code=True,
    ),
    PaymentRule(
        code="09",
        transaction=wire.COMPLETION_VOID,
        zh="预授权完成撤销",
        en="Completion void",
        slip_zh="预授权完成撤销",
        slip_en="VOID AUTH COMPLETE",
        group=Group.PRE_AUTHORISATION,
        amount=AmountFrom.ORIGINAL,
        original=OriginalBy.TRACE,
        originals=frozenset({"completion", "completion_advice"}),
        card=CardUse.AS_VOID,
        pin=PinUse.AS_VOID,
        counts=CountsAs.UNDO,
        field61=16,
        has_rrn=True,
        has_auth_code=True,
    ),
    PaymentRule(
        code="10",
        transaction=wire.OFFLINE_SALE,
        zh="离线结算",
        en="Offline sale",
        slip_zh="离线结算",
        slip_en="OFFLINE SALE",
        group=Group.OTHER,
        original=OriginalBy.PHONE,
        counts=CountsAs.DEBIT,
        has_auth_code=True,
        has_organisation=True,
    ),
    PaymentRule(
        code="11",
        transaction=wire.ADJUSTMENT,
        zh="结算调整",
        en="Adjustment",
        slip_zh="结算调整",
        slip_en="ADJUST",
        group=Group.OTHER,
        original=OriginalBy.TRACE,
        originals=frozenset({"offline_sale"}),
        card=CardUse.KNOWN,
        counts=CountsAs.CHANGE,
        field61=29,
        has_rrn=True,
        has_auth_code=True,
        has_organisation=True,
    ),
    PaymentRule(
        code="12",
        transaction=wire.TIP,
        zh="小费",
        en="Tip",
        slip_zh="小费调整",
        slip_en="TIP",
        group=Group.OTHER,
        amount=AmountFrom.ORIGINAL_AND_TIP,
        original=OriginalBy.TRACE,
        originals=frozenset({"sale"}),
        card=CardUse.KNOWN,
        counts=CountsAs.CHANGE,
        field61=16,
        has_rrn=True,
        has_auth_code=True,
        has_organisation=True,
    ),
    PaymentRule(
        code="13",
        transaction=wire.MAIL_ORDER,
        zh="订购",
        en="Mail or phone order",
        slip_zh="订购消费",
        slip_en="MAIL ORDER",
        group=Group.OTHER,
        is_keyed_only=True,
        counts=CountsAs.DEBIT,
    ),
    PaymentRule(
        code="14",
        transaction=wire.CHIP_OFFLINE_SALE,
        zh="脱机消费",
        en="Chip offline sale",
        slip_zh="脱机消费",
        slip_en="CHIP OFFLINE SALE",
        group=Group.OTHER,
        counts=CountsAs.DEBIT,
        has_organisation=True,
    ),
)
RULE_OF: Final = {rule.kind: rule for rule in RULES}


def is_allowed(rule: PaymentRule, settings: TerminalSettings) -> bool:
    """Whether this terminal may do a kind at all: by settings, host profile and acquirer.

    A chip offline sale needs a chip reader, which this terminal does not have.
    """
    if rule.transaction is wire.CHIP_OFFLINE_SALE or rule.kind in settings.refused_kinds:
        return False
    if rule.transaction is wire.MAIL_ORDER:
        return settings.mail_order_allowed and settings.on_screen_card_entry
    if rule.transaction is wire.COMPLETION:
        return settings.profile.completion_message == "request"
    if rule.transaction is wire.COMPLETION_ADVICE:
        return settings.profile.completion_message == "advice"
    return True
