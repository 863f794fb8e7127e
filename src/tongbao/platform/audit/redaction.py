"""What the audit log may keep of a changed thing: known safe fields, nothing else. Pure.

A list of what is safe forgets a new field; a list of what is secret forgets a new secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

REDACTED: Final = "…"
TEXT_LENGTH_MAX: Final = 200

# Fields that are safe on everything.
_ANYWHERE: Final = frozenset(
    {"status", "state", "is_active", "kind", "role", "version", "reason", "name", "label", "tier"}
)
# type of thing -> its further safe fields; rooms add their rows here.
SAFE_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "api_key": frozenset({"shown", "scopes"}),
    "webhook": frozenset({"url", "events"}),
    "user": frozenset({"username", "staff_number", "display_name", "language", "is_staff"}),
    "membership": frozenset({"user", "merchant_id", "chain_id", "permissions", "until_us"}),
    "role": frozenset({"permissions"}),
    "staff_role": frozenset({"user", "granted", "ended"}),
    "device": frozenset(
        {
            "activation_id",
            "act_id",
            "as_lost",
            "cause",
            "ceremony_id",
            "courier",
            "event",
            "fingerprint",
            "method",
            "model",
            "number",
            "papers",
            "parts",
            "shop_id",
            "step",
            "successor",
            "terminal_id",
            "to_shop_id",
            "tracking_number",
        }
    ),
    "change_request": frozenset({"request_id", "target", "note", "outcome"}),
    "application": frozenset({"merchant_id", "codes", "fields", "round_no", "agent_id", "subject"}),
    "paper": frozenset({"media_type", "size_bytes", "sha256", "application_id"}),
    "contract": frozenset({"number", "schedule_version", "text_version", "pdf_sha256"}),
    "merchant": frozenset({"mcc", "city", "chain_id", "mail_order_allowed"}),
    "shop": frozenset({"city"}),
    "operator": frozenset({"number", "act", "by"}),
    "terminal_settings": frozenset(
        {
            "auto_sign_in",
            "heartbeat_s",
            "idle_lock_s",
            "kinds",
            "language",
            "limits.day_minor",
            "limits.offline_minor",
            "limits.refund_minor",
            "limits.sale_minor",
            "quiet_hour",
            "sign_in_policy",
            "slip.footer",
            "slip.header",
            "tenders",
            "training.is_allowed",
            "training.needs_supervisor",
        }
    ),
    "settlement_account": frozenset({"bank", "last4"}),
    "agent": frozenset({"region"}),
}


def redacted(target_type: str, facts: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return `facts` with every field that is not known to be safe replaced by `…`."""
    safe = _ANYWHERE | SAFE_FIELDS.get(target_type, frozenset())
    return {
        str(name): _plain(value) if name in safe else REDACTED
        for name, value in (facts or {}).items()
    }


def _plain(value: Any) -> Any:
    if value is None or type(value) in (bool, int):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return sorted(str(_plain(one)) for one in value)
    # A secret type keeps silent here as everywhere: it has no text to give.
    return str(value)[:TEXT_LENGTH_MAX] if isinstance(value, str) else REDACTED
