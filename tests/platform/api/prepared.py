"""One good request for every operation of the API: where, with which body, and its status.

A new endpoint gets its line here; `test_conformance.py` and the walk of the allowed fail without.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.platform.onboarding.applicants import ACCOUNT_NUMBERS
from tests.platform.onboarding.conftest import picture, signature_picture
from tongbao.platform.onboarding.tiers import Tier

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.platform.api.world import World


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that fits: the place whose ids it takes, its body, and the status it gets.

    `form`: the body is a form with a file. `moves`: whether something differs afterwards.
    `audited`: whether that is an act for the audit log.
    """

    place: str = "home"
    body: Mapping[str, Any] | None = None
    status: int = 200
    form: bool = False
    moves: bool = True
    audited: bool = True


READING = (
    "get_me",
    "list_my_merchants",
    "list_my_sessions",
    "list_my_notices",
    "list_members",
    "list_roles",
    "get_csrf_token",
    "list_audit",
    "list_api_keys",
    "list_terminals",
    "get_terminal",
    "list_acts",
    "get_terminal_settings",
    "get_settings_of_all_terminals",
    "get_settings_of_shop",
    "list_activations",
    "get_activation",
    "list_webhooks",
    "list_webhook_deliveries",
    "list_payments",
    "summarise_payments",
    "follow_payments",
    "export_payments_csv",
    "export_payments_xlsx",
    "get_payment",
    "get_price_sheet",
    "list_categories",
    "list_requirements",
    "list_applications",
    "get_application",
    "get_paper",
    "get_merchant",
    "list_shops",
    "get_settlement_account",
    "get_limits",
    "list_operators",
    "list_function_codes",
)
_READING_ELSEWHERE = {
    "get_contract": Prepared("signing", moves=False),
    "get_contract_pdf": Prepared("signed", moves=False),
    "get_fees": Prepared("signed", moves=False),
    "quote_fee": Prepared(body={"amount_minor": 10_000, "method": "credit_card"}, moves=False),
    "advise_device": Prepared(body={"scene": "stall", "payments_a_day": 60}, moves=False),
}
_CHANGING = {
    "change_me": Prepared(body={"display_name": "韩梅梅"}),
    "ask_for_my_email": Prepared(body={"email": "han@example.org"}, status=202),
    "ask_for_my_phone": Prepared(body={"phone": "19900007654"}, status=202),
    "end_my_session": Prepared(status=204),
    "read_my_notice": Prepared(audited=False),
    "invite_member": Prepared(
        body={"phone": "19900005678", "display_name": "小李", "role": "manager"}, status=201
    ),
    "change_member": Prepared(body={"role": "accountant"}),
    "end_member": Prepared(status=204),
    "add_role": Prepared(body={"name": "盘点", "permissions": ["payments_read"]}, status=201),
    "end_role": Prepared(status=204),
    "create_api_key": Prepared(
        body={"name": "shelf", "scopes": ["payments_read"], "days": 30}, status=201
    ),
    "revoke_api_key": Prepared(),
    "confirm_receipt": Prepared("arriving", body={"note": "left at the door"}),
    "report_loss": Prepared(body={"note": "gone since Friday"}),
    "ask_act": Prepared(body={"kind": "lock", "words": "Call the shop"}, status=201),
    "withdraw_act": Prepared(),
    "change_terminal_settings": Prepared(body={"settings": {"language": "en"}}),
    "change_settings_of_all_terminals": Prepared(body={"settings": {"language": "en"}}),
    "change_settings_of_shop": Prepared(body={"settings": {"language": "en"}}),
    "call_off_activation": Prepared("starting", body={"note": "wrong shop"}),
    "create_webhook": Prepared(
        body={"url": "https://example.com/other", "events": ["payment.*"]}, status=201
    ),
    "change_webhook": Prepared(body={"is_active": False}),
    "remove_webhook": Prepared(status=204),
    "rotate_webhook_secret": Prepared(body={"keep_old_hours": 1}, status=201),
    "send_test_webhook": Prepared(status=202),
    "send_webhook_again": Prepared(status=202),
    "begin_application": Prepared(body={"tier": "micro"}, status=201),
    "save_application": Prepared(body={"name_en": "Morning Sun"}),
    "remove_paper": Prepared(status=204),
    "read_paper": Prepared(audited=False),
    "submit_application": Prepared("arriving"),
    "withdraw_application": Prepared("arriving"),
    "send_deposit": Prepared(),
    "record_promise": Prepared(
        body={"subject": "fees", "words": "No fee in the first month"}, status=201
    ),
    "change_merchant": Prepared(body={"name_en": "Tongbao Shop"}),
    "add_shop": Prepared(
        body={"name": "外滩店", "address": "中山东一路 1 号", "city": "上海"}, status=201
    ),
    "change_shop": Prepared(body={"name": "南京东路店"}),
    "change_settlement_account": Prepared(
        body={
            "holder": "通宝便利店",
            "bank": "通宝沙盒银行",
            "number": ACCOUNT_NUMBERS[Tier.ENTERPRISE],
            "kind": "corporate",
            "reason": "a new bank",
        },
        status=201,
    ),
    "change_category": Prepared(body={"mcc": "5499", "reason": "more food"}, status=201),
    "send_signing_code": Prepared("signing"),
    "add_operator": Prepared(body={"number": "06", "name": "小赵", "role": "cashier"}, status=201),
    "change_operator": Prepared(body={"name": "王强"}),
    "reset_operator_pin": Prepared(status=201),
    "change_function_code": Prepared(body={"function_class": "function", "role": "supervisor"}),
}


def prepared(world: World) -> dict[str, Prepared]:
    """Return the request of every operation, by operation id."""
    paper = {"kind": "shop_front", "file": ("front.jpg", picture("front"), "image/jpeg")}
    arriving = world.places["arriving"]
    told = {
        "confirm_activation": Prepared(
            "arriving",
            body={
                "serial_number": world.serials["arriving"],
                "terminal_id": arriving["terminal_id"],
                "code": world.told["activation arriving"],
            },
            status=201,
        ),
        "confirm_my_email": Prepared(body={"code": world.told["new_email"]}),
        "confirm_my_phone": Prepared(body={"code": world.told["new_phone"]}),
        "confirm_deposit": Prepared("arriving", body={"code": world.told["deposit"]}),
        "sign_contract": Prepared(
            "signing",
            body={
                "signer_name": "林晓晨",
                "signature_png": base64.b64encode(signature_picture()).decode(),
                "code": world.told["contract signing"],
            },
        ),
        "upload_paper": Prepared(body=paper, status=201, form=True),
    }
    reading = {name: Prepared(moves=False) for name in READING}
    return {**reading, **_READING_ELSEWHERE, **_CHANGING, **told}
