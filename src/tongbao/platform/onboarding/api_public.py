"""What anybody may ask before applying: prices, fees, machines, categories, requirements."""

from __future__ import annotations

from ninja import Router

from tongbao.platform.access.operations import Operation
from tongbao.platform.api.guard import ApiRequest, operation
from tongbao.platform.api.shapes import moment
from tongbao.platform.contracts.fees import (
    METHOD_WORDS,
    Method,
    Rate,
    fee_parts,
    formula_words,
    percent_text,
    rates_of,
)
from tongbao.platform.contracts.standard import standard_schedule
from tongbao.platform.onboarding.categories import CATEGORIES, FeeClass
from tongbao.platform.onboarding.devices import MODELS, Model, Need, advise
from tongbao.platform.onboarding.paper_content import SIDE_MIN_PX, SIZE_MAX_BYTES
from tongbao.platform.onboarding.shapes import (
    CategoriesOut,
    CategoryOut,
    DeviceAdviceOut,
    DeviceAdvicesOut,
    DeviceModelOut,
    DeviceQuestion,
    FeeOut,
    FeeQuestion,
    FeeQuoteOut,
    LimitOut,
    PaperRequirementOut,
    PriceSheetOut,
    RequirementsOut,
    TierOut,
    amount,
    told,
)
from tongbao.platform.onboarding.tiers import (
    LIMIT_WORDS,
    PAPER_WORDS,
    RULES,
    TIERS,
    Limit,
    TierRules,
)

router = Router(tags=["public"])


@router.get("/price-sheet", response=PriceSheetOut, operation_id="get_price_sheet")
@operation(Operation.PRICES_VIEW)
def get_price_sheet(request: ApiRequest) -> PriceSheetOut:
    """Tell the standard fees and the machines."""
    schedule = standard_schedule(now_us=request.now_us)
    rates = rates_of(schedule.rates)
    return PriceSheetOut(
        version=schedule.version,
        sha256=schedule.sha256,
        published_at=moment(schedule.published_at_us),
        fees=[fee_out(method, rates[method]) for method in Method],
        models=[_model_out(model) for model in MODELS],
    )


@router.post("/fee-quote", response=FeeQuoteOut, operation_id="quote_fee")
@operation(Operation.PRICES_VIEW)
def quote_fee(request: ApiRequest, body: FeeQuestion) -> FeeQuoteOut:
    """Reckon the standard fee on one payment and say who gets what of it."""
    rates = rates_of(standard_schedule(now_us=request.now_us).rates)
    category = CATEGORIES.get(body.mcc or "")
    exempt = category is not None and category.fee_class is FeeClass.EXEMPT
    parts = fee_parts(rates, body.method, body.amount_minor, is_exempt=exempt)
    return FeeQuoteOut(
        amount=amount(body.amount_minor),
        fee=amount(parts.total_minor),
        payout=amount(parts.payout_minor),
        issuer=amount(parts.issuer_minor),
        network=amount(parts.network_acquirer_half_minor),
        acquirer=amount(parts.acquirer_minor),
        cap_binds=parts.cap_binds,
        formula=told(formula_words(rates[body.method], body.amount_minor)),
        rule=RULES["ndrc_2016_557"].number,
    )


@router.post("/device-advice", response=DeviceAdvicesOut, operation_id="advise_device")
@operation(Operation.PRICES_VIEW)
def advise_device(request: ApiRequest, body: DeviceQuestion) -> DeviceAdvicesOut:
    """Say which machines fit a shop, the best first, and why."""
    del request
    need = Need(
        scene=body.scene,
        trades_a_day=body.payments_a_day,
        wants_paper=body.wants_paper,
        wants_cards=body.wants_cards,
        has_fixed_network=body.has_fixed_network,
    )
    return DeviceAdvicesOut(
        items=[
            DeviceAdviceOut(
                model=_model_out(advice.model),
                points=advice.points,
                reasons=[told(words) for words in advice.reasons],
                cautions=[told(words) for words in advice.cautions],
            )
            for advice in advise(need)
        ]
    )


@router.get("/categories", response=CategoriesOut, operation_id="list_categories")
@operation(Operation.PRICES_VIEW)
def list_categories(request: ApiRequest) -> CategoriesOut:
    """List the categories of business that we serve."""
    del request
    return CategoriesOut(
        items=[
            CategoryOut(
                mcc=category.mcc,
                name=told(category.words),
                tiers=sorted(category.tiers),
                needs_permit=category.needs_permit,
                is_fee_exempt=category.fee_class is FeeClass.EXEMPT,
            )
            for category in CATEGORIES.values()
        ]
    )


@router.get("/document-requirements", response=RequirementsOut, operation_id="list_requirements")
@operation(Operation.PRICES_VIEW)
def list_requirements(request: ApiRequest) -> RequirementsOut:
    """Tell for each tier the papers, accounts and limits, and how files may be uploaded."""
    del request
    return RequirementsOut(
        tiers=[_tier_out(rules) for rules in TIERS.values()],
        file_types=["image/jpeg", "image/png", "application/pdf"],
        file_size_max_bytes=SIZE_MAX_BYTES,
        picture_side_min_px=SIDE_MIN_PX,
    )


def fee_out(method: Method, rate: Rate) -> FeeOut:
    """Return one fee as the API tells it."""
    return FeeOut(
        method=method,
        name=told(METHOD_WORDS[method]),
        rate_ppm=rate.rate_ppm,
        rate_percent=percent_text(rate.rate_ppm),
        cap=None if rate.cap_minor is None else amount(rate.cap_minor),
    )


def limit_out(limit: Limit) -> LimitOut:
    """Return one limit with its rule as the API tells it."""
    rule = RULES[limit.rule]
    return LimitOut(
        key=limit.key,
        name=told(LIMIT_WORDS[limit.key]),
        amount=None if limit.amount_minor is None else amount(limit.amount_minor),
        rule=rule.number,
        rule_says=told(rule.says),
    )


def _model_out(model: Model) -> DeviceModelOut:
    return DeviceModelOut(
        code=model.code,
        name=told(model.name),
        says=told(model.says),
        deposit=amount(model.deposit_minor),
        has_printer=model.has_printer,
        has_mobile_network=model.has_mobile_network,
        takes_cards=model.takes_cards,
        is_portable=model.is_portable,
        payments_a_day_max=model.trades_a_day_max,
    )


def _tier_out(rules: TierRules) -> TierOut:
    return TierOut(
        tier=rules.tier,
        name=told(rules.name),
        who=told(rules.who),
        papers=[
            PaperRequirementOut(
                kind=paper.kind,
                name=told(PAPER_WORDS[paper.kind][0]),
                hint=told(PAPER_WORDS[paper.kind][1]),
                is_required=paper.is_required,
            )
            for paper in rules.papers
        ],
        account_kinds=[kind.value for kind in rules.account_kinds],
        limits=[limit_out(limit) for limit in rules.limits],
        terminals_max=rules.terminals_max,
    )
