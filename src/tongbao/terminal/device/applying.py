"""From the settings document of the platform to the settings of a terminal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from tongbao.domain.ids import MerchantId, TerminalId
from tongbao.terminal.core.kinds import RULES, OriginalBy
from tongbao.terminal.device.people import people_settings
from tongbao.terminal.paper import PaperTexts
from tongbao.terminal.settings import AmountLimits, TerminalSettings
from tongbao.wire.device.settings import Language, Tender

if TYPE_CHECKING:
    from tongbao.terminal.device.settings import DeviceSettings
    from tongbao.terminal.device.store import DeviceStore
    from tongbao.wire.device.settings import SettingsDocument
    from tongbao.wire.unionpay.profile import HostProfile

_LANGUAGES: Final = {Language.CHINESE: "zh", Language.ENGLISH: "en"}
# Returns a host profile by its name; ValueError when there is none.
ProfileReader = Callable[[str], "HostProfile"]


class UnfitDocumentError(ValueError):
    """Settings that this terminal cannot work with; the text names the part."""


def terminal_settings(
    device: DeviceSettings,
    store: DeviceStore,
    document: SettingsDocument,
    read_profile: ProfileReader,
) -> TerminalSettings:
    """Return the settings of the terminal that a document makes of a device.

    Raises: UnfitDocumentError.
    """
    if document.serial_number != device.serial_number:
        raise UnfitDocumentError("serial_number")
    host, merchant = document.host, document.merchant
    try:
        profile = read_profile(host.profile)
    except ValueError:
        raise UnfitDocumentError("host.profile") from None
    ca_file = store.host_ca_file if host.ca_pem is not None else device.gateway_ca_file
    has_certificate = store.certificate_file.exists() and host.tls
    times: dict[str, Any] = dict(device.terminal)
    try:
        return TerminalSettings(
            terminal_id=TerminalId(document.terminal_id),
            merchant_id=MerchantId(merchant.merchant_id),
            merchant_name=merchant.name,
            merchant_name_en=merchant.name_en,
            data_folder=device.data_folder / f"terminal-{document.terminal_id}",
            key_file=device.key_folder / "terminal.json",
            master_key_file=device.key_folder / "terminal.master",
            host_address=host.address,
            host_port=host.port,
            host_tls=host.tls,
            host_ca_file=ca_file if host.tls else None,
            host_name=host.tls_name or host.address,
            client_certificate_file=store.certificate_file if has_certificate else None,
            client_key_file=store.key_file if has_certificate else None,
            screen_address=device.screen_address,
            screen_port=device.screen_port,
            reader_address=device.reader_address,
            reader_port=device.reader_port,
            drawer_url=device.drawer_url,
            on_screen_pin=device.on_screen_pin,
            on_screen_card_entry=device.on_screen_card_entry,
            mail_order_allowed=merchant.mail_order_allowed,
            capabilities=device.capabilities,
            profile=profile,
            **people_settings(document),
            **_rules(document),
            **times,
        )
    except (ValueError, TypeError) as error:
        raise UnfitDocumentError(str(error)) from None


def _rules(document: SettingsDocument) -> dict[str, Any]:
    """Return what may be done at the till, and what it says."""
    return {
        "refused_kinds": _refused_kinds(document),
        "limits": AmountLimits(**asdict(document.limits)),
        "paper": PaperTexts(
            shop_name=document.shop.name if document.shop else "",
            header=document.slip.header,
            footer=document.slip.footer,
        ),
        "language": _LANGUAGES[document.language],
        "training_allowed": document.training.is_allowed,
        "training_needs_supervisor": document.training.needs_supervisor,
    }


def _refused_kinds(document: SettingsDocument) -> frozenset[str]:
    """Return the kinds that are switched off; without cards nothing new is taken, only undone."""
    refused = {rule.kind for rule in RULES} - set(document.kinds)
    if Tender.CARD not in document.tenders:
        new = {OriginalBy.NOTHING, OriginalBy.PHONE}
        refused |= {rule.kind for rule in RULES if rule.original in new}
    return frozenset(refused)
