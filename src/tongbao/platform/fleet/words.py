"""The fleet's words for people, in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from django.utils.translation import gettext_lazy, override

from tongbao.platform.fleet.ceremonies import CeremonyFault
from tongbao.platform.fleet.health_rules import Reason
from tongbao.platform.fleet.lifecycle import Check, DeviceState, DeviceStep
from tongbao.platform.fleet.stock_list import Fault
from tongbao.platform.fleet.wanted_rules import Level
from tongbao.wire.device.activation import ActivationFailure
from tongbao.wire.device.health import ActivationStep, ActKind, Part
from tongbao.wire.device.settings import ReportOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping

_F, _S, _T, _C = ActivationFailure, DeviceState, DeviceStep, Check

STATE_WORDS: Final[Mapping[DeviceState, Any]] = {
    _S.STOCK: gettext_lazy("In stock"),
    _S.KEY_LOADED: gettext_lazy("Keys loaded"),
    _S.SHIPPED: gettext_lazy("On its way"),
    _S.RECEIVED: gettext_lazy("Received"),
    _S.ACTIVATING: gettext_lazy("Being activated"),
    _S.ACTIVE: gettext_lazy("In service"),
    _S.SUSPENDED: gettext_lazy("Suspended"),
    _S.MOVING: gettext_lazy("Moving"),
    _S.REPLACED: gettext_lazy("Replaced"),
    _S.RETURNED: gettext_lazy("Returned"),
    _S.WIPED: gettext_lazy("Wiped"),
    _S.LOST: gettext_lazy("Lost"),
    _S.SCRAPPED: gettext_lazy("Scrapped"),
}
STEP_WORDS: Final[Mapping[DeviceStep, Any]] = {
    _T.ASSIGN: gettext_lazy("Give it a terminal number"),
    _T.UNASSIGN: gettext_lazy("Take the terminal number back"),
    _T.LOAD_KEYS: gettext_lazy("Load keys"),
    _T.SHIP: gettext_lazy("Hand it to a courier"),
    _T.HAND_OVER: gettext_lazy("Hand it over"),
    _T.RECEIVE: gettext_lazy("Confirm receipt"),
    _T.BEGIN_ACTIVATION: gettext_lazy("Begin activation"),
    _T.BREAK_OFF: gettext_lazy("Break activation off"),
    _T.ACTIVATE: gettext_lazy("Put into service"),
    _T.SUSPEND: gettext_lazy("Suspend"),
    _T.RESUME: gettext_lazy("Put back into service"),
    _T.MOVE: gettext_lazy("Move to another shop"),
    _T.ARRIVE: gettext_lazy("Confirm the new place"),
    _T.REPLACE: gettext_lazy("Replace"),
    _T.RETURN: gettext_lazy("Take it back"),
    _T.WIPE: gettext_lazy("Confirm the wipe"),
    _T.RESTOCK: gettext_lazy("Put into stock"),
    _T.LOSE: gettext_lazy("Report it lost"),
    _T.FIND: gettext_lazy("It was found"),
    _T.SCRAP: gettext_lazy("Scrap"),
}
CHECK_WORDS: Final[Mapping[Check, Any]] = {
    _C.NOT_ASSIGNED: gettext_lazy("The device has a terminal number. Take the number back first."),
    _C.ASSIGNED: gettext_lazy("The device has no terminal number. Give it one first."),
    _C.CLEAN: gettext_lazy(
        "The device had another owner. Wipe it and put it into stock again first."
    ),
    _C.MERCHANT_ACTIVE: gettext_lazy(
        "The merchant is not active. Finish its application or lift the suspension first."
    ),
    _C.SETTLEMENT_ACCOUNT: gettext_lazy(
        "The merchant has no settlement account. Record one first."
    ),
    _C.PLACE_KNOWN: gettext_lazy("The terminal has no shop. Choose the shop where it will stand."),
    _C.KEYS_READY: gettext_lazy(
        "The device has no keys. Load components, or mark it for the remote download."
    ),
    _C.CERTIFIED: gettext_lazy("The device has no valid certificate. Activate it again."),
    _C.SELF_TEST_PASSED: gettext_lazy(
        "The self-test has not passed. Run it on the terminal and correct what it names."
    ),
    _C.APPROVED: gettext_lazy("A second person must approve this first."),
    _C.NOTHING_UNSENT: gettext_lazy(
        "The terminal still has payments to send. Connect it and wait until they are sent."
    ),
    _C.SUCCESSOR: gettext_lazy("Choose a device in stock that takes over."),
}
CAUSE_WORDS: Final[Mapping[ActivationFailure, Any]] = {
    _F.WRONG_CODE: gettext_lazy(
        "The code is not the one on the terminal's screen. Look again and type all eight digits."
    ),
    _F.CODE_EXPIRED: gettext_lazy(
        "This code is too old. The terminal shows a new one after a moment; use that."
    ),
    _F.TOO_MANY_TRIES: gettext_lazy(
        "Five wrong codes. Wait 15 minutes; then the terminal shows a new code."
    ),
    _F.UNKNOWN_SERIAL: gettext_lazy(
        "This serial number is not in our stock. Compare it with the label on the back."
    ),
    _F.UNKNOWN_TERMINAL: gettext_lazy(
        "This terminal number does not exist. It stands in your contract and on the screen."
    ),
    _F.SERIAL_MISMATCH: gettext_lazy(
        "Serial number and terminal number do not belong together. Take both from one screen."
    ),
    _F.NOT_YOUR_TERMINAL: gettext_lazy(
        "No terminal of yours has this serial number. Compare it with the label on the back, or "
        "log in for the merchant it was sent to."
    ),
    _F.NOT_SWITCHED_ON: gettext_lazy(
        "The terminal shows no code yet. Switch it on, connect it to the network and wait for "
        "the code."
    ),
    _F.NOT_RECEIVED: gettext_lazy(
        "The terminal has not been sent out yet. Wait for the courier, or ask us."
    ),
    _F.ALREADY_ACTIVE: gettext_lazy("The terminal is in service already. Nothing is to be done."),
    _F.DEVICE_SUSPENDED: gettext_lazy("The terminal is suspended. Call us to put it into service."),
    _F.DEVICE_LOST: gettext_lazy("The terminal was reported lost. Call us before you use it."),
    _F.DEVICE_RETIRED: gettext_lazy(
        "The terminal was taken back or replaced. Send it to us and use the new one."
    ),
    _F.MERCHANT_SUSPENDED: gettext_lazy(
        "The merchant is not active. Look at the messages in the portal, or call us."
    ),
    _F.MERCHANT_CLOSED: gettext_lazy("The merchant is closed. A new application is needed."),
    _F.NO_SETTLEMENT_ACCOUNT: gettext_lazy(
        "There is no settlement account. Record it in the portal; then try again."
    ),
    _F.TOO_FAR: gettext_lazy(
        "You are far from the shop where the terminal belongs. Activate it there, or change the "
        "shop's address first."
    ),
    _F.NO_KEYS: gettext_lazy("The terminal has no keys yet. Call us; it takes a few minutes."),
    _F.PAPERS_NOT_SEEN: gettext_lazy(
        "See the identity card of the person, and say so, before you activate."
    ),
    _F.CERTIFICATE_REFUSED: gettext_lazy(
        "The terminal's request was not accepted. Switch it off and on and use the new code."
    ),
    _F.SELF_TEST_FAILED: gettext_lazy(
        "The self-test found a fault. Correct what the terminal names and run the test again."
    ),
    _F.CALLED_OFF: gettext_lazy(
        "The activation was called off. Use the new code that the terminal shows."
    ),
}
FAULT_WORDS: Final[Mapping[Fault, Any]] = {
    Fault.TOO_LARGE: gettext_lazy("The file is larger than 2 MB. Split it."),
    Fault.NOT_TEXT: gettext_lazy("The file is not CSV text in UTF-8. Save it as CSV UTF-8."),
    Fault.NO_HEADER: gettext_lazy("This column is missing in the first line."),
    Fault.UNKNOWN_COLUMN: gettext_lazy("This column is not known, or stands twice."),
    Fault.TOO_MANY_LINES: gettext_lazy("More than 5,000 devices. Split the file."),
    Fault.EMPTY: gettext_lazy("There is no device in the file."),
    Fault.COLUMNS: gettext_lazy("The line has another number of columns than the first line."),
    Fault.SERIAL: gettext_lazy("A serial number is 4 to 32 letters, digits or hyphens."),
    Fault.SERIAL_TWICE: gettext_lazy("The serial number stands in an earlier line, too."),
    Fault.SERIAL_KNOWN: gettext_lazy("A device with this serial number is here already."),
    Fault.MODEL: gettext_lazy("A model is 1 to 40 characters."),
    Fault.SOFTWARE: gettext_lazy("A software version is at most 40 characters."),
    Fault.WARRANTY: gettext_lazy("The end of the warranty is a date such as 2028-12-31."),
    Fault.PART_VERSION: gettext_lazy("The version of this part is longer than 40 characters."),
}
CEREMONY_WORDS: Final[Mapping[CeremonyFault, Any]] = {
    CeremonyFault.NOT_OPEN: gettext_lazy("This key loading has ended. Begin a new one."),
    CeremonyFault.EXPIRED: gettext_lazy("The half hour is over. Begin a new key loading."),
    CeremonyFault.OPEN_ALREADY: gettext_lazy(
        "Keys are being loaded into this device already. Finish or abort that first."
    ),
    CeremonyFault.SAME_PERSON: gettext_lazy(
        "You have entered a component already. Another custodian must enter the other one."
    ),
    CeremonyFault.NUMBER_TAKEN: gettext_lazy("This component has been entered already."),
    CeremonyFault.NO_SUCH_NUMBER: gettext_lazy("There is no component of this number."),
    CeremonyFault.NO_COMPONENT: gettext_lazy("A component is 32 hexadecimal digits."),
    CeremonyFault.WRONG_CHECK_VALUE: gettext_lazy(
        "The check value does not fit this component. Look for a typing error and enter it again."
    ),
    CeremonyFault.NO_CHECK_VALUE: gettext_lazy("A check value is 6 or 8 hexadecimal digits."),
    CeremonyFault.WRONG_KEY: gettext_lazy(
        "The components do not make the expected key. They were destroyed; begin again."
    ),
    CeremonyFault.WEAK_KEY: gettext_lazy(
        "The components make a key of no strength. They were destroyed; make new ones."
    ),
    CeremonyFault.NOT_ASSIGNED: gettext_lazy("Give the device a terminal number first."),
    CeremonyFault.NOT_IN_STOCK: gettext_lazy("Keys are loaded into devices in stock only."),
}
ASSIGNMENT_WORDS: Final[Mapping[str, Any]] = {
    "no_merchant": gettext_lazy("There is no such merchant."),
    "no_shop": gettext_lazy("The merchant has no such open shop."),
    "no_terminal": gettext_lazy("The merchant has no such terminal number."),
    "terminal_taken": gettext_lazy("Another device has this terminal number."),
    "no_number": gettext_lazy("No terminal number is free. Try again."),
    "no_tracking": gettext_lazy("Name the courier and the tracking number."),
    "tracking_taken": gettext_lazy("Another shipment has this tracking number."),
}
ACTIVATION_STEP_WORDS: Final[Mapping[ActivationStep, Any]] = {
    ActivationStep.CERTIFICATE: gettext_lazy("Identity"),
    ActivationStep.NETWORK: gettext_lazy("Network"),
    ActivationStep.KEYS: gettext_lazy("Keys"),
    ActivationStep.PARAMETERS: gettext_lazy("Settings"),
    ActivationStep.SELF_TEST: gettext_lazy("Self-test"),
    ActivationStep.READY: gettext_lazy("Ready"),
}
ACT_KIND_WORDS: Final[Mapping[ActKind, Any]] = {
    ActKind.MESSAGE: gettext_lazy("Show a message"),
    ActKind.LOCK: gettext_lazy("Lock"),
    ActKind.UNLOCK: gettext_lazy("Unlock"),
    ActKind.RESTART: gettext_lazy("Restart"),
    ActKind.LOG_PULL: gettext_lazy("Fetch the log"),
    ActKind.WIPE: gettext_lazy("Wipe"),
    ActKind.PARAMETER_PUSH: gettext_lazy("Fetch settings now"),
    ActKind.SELF_TEST: gettext_lazy("Run the self-test"),
}
PART_WORDS: Final[Mapping[Part, Any]] = {
    Part.SCREEN: gettext_lazy("Screen"),
    Part.PRINTER: gettext_lazy("Printer"),
    Part.SCANNER: gettext_lazy("Scanner"),
    Part.KEYPAD: gettext_lazy("Keypad"),
    Part.NETWORK: gettext_lazy("Network"),
    Part.CLOCK: gettext_lazy("Clock"),
    Part.KEYS: gettext_lazy("Keys"),
    Part.STORAGE: gettext_lazy("Storage"),
    Part.TEST_SALE: gettext_lazy("Test sale"),
}
REASON_WORDS: Final[Mapping[Reason, Any]] = {
    Reason.UNSENT_REVERSALS: gettext_lazy("A payment in doubt is not reversed yet"),
    Reason.PRINTER_FAULT: gettext_lazy("The printer is broken"),
    Reason.NO_PAPER: gettext_lazy("No paper"),
    Reason.PRINTER_HOT: gettext_lazy("The printer is too hot"),
    Reason.BATTERY_EMPTY: gettext_lazy("The battery is empty"),
    Reason.BATTERY_LOW: gettext_lazy("The battery is low"),
    Reason.STORAGE_FULL: gettext_lazy("The storage is full"),
    Reason.STORAGE_LOW: gettext_lazy("Little storage is left"),
    Reason.NETWORK_BAD: gettext_lazy("The network is bad"),
    Reason.NETWORK_SLOW: gettext_lazy("The network is slow"),
    Reason.UNSENT_WORK: gettext_lazy("Something waits to be sent"),
    Reason.SETTINGS_OLD: gettext_lazy("New settings are not in force yet"),
    Reason.CLOCK_WRONG: gettext_lazy("The clock is wrong"),
}
ORIGIN_WORDS: Final[Mapping[Level, Any]] = {
    Level.DEFAULT: gettext_lazy("Standard"),
    Level.ACQUIRER: gettext_lazy("Acquirer"),
    Level.CATEGORY: gettext_lazy("Category"),
    Level.MERCHANT: gettext_lazy("Merchant"),
    Level.SHOP: gettext_lazy("Shop"),
    Level.TERMINAL: gettext_lazy("This terminal"),
}
ACT_STATE_WORDS: Final[Mapping[str, Any]] = {
    "asked": gettext_lazy("Waiting for the terminal"),
    "delivered": gettext_lazy("The terminal has it"),
    "done": gettext_lazy("Done"),
    "failed": gettext_lazy("Failed"),
    "withdrawn": gettext_lazy("Withdrawn"),
    "expired": gettext_lazy("Expired"),
}
ACTIVATION_STATE_WORDS: Final[Mapping[str, Any]] = {
    "waiting": gettext_lazy("Waiting for the code"),
    "confirmed": gettext_lazy("Code accepted"),
    "certified": gettext_lazy("Setting up"),
    "done": gettext_lazy("In service"),
    "failed": gettext_lazy("Stopped"),
    "expired": gettext_lazy("Code too old"),
}
ACT_REFUSAL_WORDS: Final[Mapping[str, Any]] = {
    "no_terminal": gettext_lazy("No device serves this terminal number."),
    "open_already": gettext_lazy("The terminal was asked for this already. Wait for it."),
    "text_missing": gettext_lazy("Write the words that the terminal is to show."),
    "reason_missing": gettext_lazy("Say why the terminal is to be wiped."),
    "text_too_long": gettext_lazy("The words are longer than 200 characters."),
    "delivered_already": gettext_lazy("The terminal has it already; it cannot be taken back."),
}
SETTING_RULE_WORDS: Final[Mapping[str, Any]] = {
    "unknown_setting": gettext_lazy("There is no such setting."),
    "not_a_choice": gettext_lazy("Choose one of the offered values."),
    "twice": gettext_lazy("A value stands twice."),
    "empty_list": gettext_lazy("At least one must stay."),
    "not_yes_or_no": gettext_lazy("Say yes or no."),
    "out_of_range": gettext_lazy("The number is out of range."),
    "too_many_lines": gettext_lazy("A slip takes at most six lines here."),
    "line_too_wide": gettext_lazy(
        "A line has at most 32 letters on the narrow paper; a Chinese character takes two."
    ),
    "not_printable": gettext_lazy("A line holds characters that cannot be printed."),
    "above_the_acquirer": gettext_lazy(
        "We allow less here. Choose less, or ask us to allow more for you."
    ),
    "two_people": gettext_lazy("This needs a second person: change it in the operations console."),
    "overtaken": gettext_lazy("Somebody else changed this meanwhile. Look again, then change it."),
    "reason_missing": gettext_lazy("Say why, for the person who approves."),
}
# Parts as a supplier's list names them; another name stands for itself.
PART_NAMES: Final[Mapping[str, Any]] = {
    **{part.value: words for part, words in PART_WORDS.items()},
    "modem": gettext_lazy("Modem"),
    "battery": gettext_lazy("Battery"),
}
METHOD_WORDS: Final[Mapping[str, Any]] = {
    "web": gettext_lazy("Web"),
    "app": gettext_lazy("Phone portal"),
    "phone": gettext_lazy("Telephone"),
    "service_point": gettext_lazy("Service point"),
}
QR_WORDS: Final[Mapping[str, Any]] = {
    "missing": gettext_lazy("Type serial number, terminal number and code, or scan the code."),
    "foreign": gettext_lazy(
        "This is not the code of a terminal. Scan the one that the new terminal shows."
    ),
}
OUTCOME_WORDS: Final[Mapping[ReportOutcome, Any]] = {
    ReportOutcome.APPLIED: gettext_lazy("In force on the terminal"),
    ReportOutcome.DEFERRED: gettext_lazy("Waits for a quiet moment"),
    ReportOutcome.REFUSED: gettext_lazy("The terminal cannot work with these settings"),
}
SETTING_WORDS: Final[Mapping[str, Any]] = {
    "tenders": gettext_lazy("Ways to pay"),
    "kinds": gettext_lazy("Transactions"),
    "sign_in_policy": gettext_lazy("PIN of the operator"),
    "auto_sign_in": gettext_lazy("Operator logs in by itself"),
    "idle_lock_s": gettext_lazy("Seconds until an untouched till locks"),
    "limits.sale_minor": gettext_lazy("Limit for one payment"),
    "limits.refund_minor": gettext_lazy("Limit for one refund"),
    "limits.offline_minor": gettext_lazy("Limit for one offline sale"),
    "limits.day_minor": gettext_lazy("Limit for a day, for each terminal"),
    "slip.header": gettext_lazy("Lines above the slip"),
    "slip.footer": gettext_lazy("Lines below the slip"),
    "language": gettext_lazy("Language the screen starts in"),
    "training.is_allowed": gettext_lazy("Training may be opened"),
    "training.needs_supervisor": gettext_lazy("Training needs a supervisor"),
    "quiet_hour": gettext_lazy("Hour for changes that restart the terminal"),
    "heartbeat_s": gettext_lazy("Seconds between heartbeats"),
}
CHOICE_WORDS: Final[Mapping[str, Any]] = {
    "card": gettext_lazy("Bank card"),
    "code": gettext_lazy("Payment code"),
    "cash": gettext_lazy("Cash"),
    "sale": gettext_lazy("Sale"),
    "void": gettext_lazy("Void"),
    "refund": gettext_lazy("Refund"),
    "pre_authorisation": gettext_lazy("Pre-authorisation"),
    "pre_authorisation_void": gettext_lazy("Pre-authorisation void"),
    "completion": gettext_lazy("Completion"),
    "completion_advice": gettext_lazy("Completion advice"),
    "completion_void": gettext_lazy("Completion void"),
    "mail_order": gettext_lazy("Mail or phone order"),
    "offline_sale": gettext_lazy("Offline sale"),
    "adjustment": gettext_lazy("Adjustment"),
    "tip": gettext_lazy("Tip"),
    "balance": gettext_lazy("Balance"),
    "per_trade": gettext_lazy("For each payment"),
    "per_shift": gettext_lazy("Once a shift"),
    "per_day": gettext_lazy("Once a day"),
    "none": gettext_lazy("Not asked for"),
    "zh-hans": gettext_lazy("Chinese"),
    "en": gettext_lazy("English"),
}
EVENT_WORDS: Final[Mapping[str, Any]] = {
    "received_into_stock": gettext_lazy("Received into stock"),
    "assign": gettext_lazy("Given a terminal number"),
    "unassign": gettext_lazy("Terminal number taken back"),
    "key_ceremony_opened": gettext_lazy("Key loading begun"),
    "key_component_entered": gettext_lazy("Key component entered"),
    "key_ceremony_aborted": gettext_lazy("Key loading aborted"),
    "load_keys": gettext_lazy("Keys loaded"),
    "ship": gettext_lazy("Handed to a courier"),
    "hand_over": gettext_lazy("Handed over"),
    "receive": gettext_lazy("Received"),
    "code_shown": gettext_lazy("Code shown on the screen"),
    "activation_confirmed": gettext_lazy("Code accepted"),
    "begin_activation": gettext_lazy("Activation begun"),
    "certificate_issued": gettext_lazy("Certificate issued"),
    "certificate_renewed": gettext_lazy("Certificate renewed"),
    "certificate_revoked": gettext_lazy("Certificate revoked"),
    "self_test_passed": gettext_lazy("Self-test passed"),
    "self_test_failed": gettext_lazy("Self-test failed"),
    "activate": gettext_lazy("Put into service"),
    "break_off": gettext_lazy("Activation broken off"),
    "suspend": gettext_lazy("Suspended"),
    "resume": gettext_lazy("Put back into service"),
    "move_asked": gettext_lazy("Move asked for"),
    "move": gettext_lazy("Moving"),
    "arrive": gettext_lazy("Arrived at the new place"),
    "replace": gettext_lazy("Replaced"),
    "return": gettext_lazy("Taken back"),
    "wipe": gettext_lazy("Wiped"),
    "restock": gettext_lazy("Put into stock"),
    "lose": gettext_lazy("Reported lost"),
    "find": gettext_lazy("Found"),
    "scrap": gettext_lazy("Scrapped"),
    "verified": gettext_lazy("Verified"),
    "verification_due": gettext_lazy("Three months idle: to be verified"),
    "reminded_delivery_late": gettext_lazy("Merchant told: the delivery is late"),
    "reminded_activation_due": gettext_lazy("Merchant reminded to activate"),
    "reminded_activation_late": gettext_lazy("Merchant told: not ready in time"),
    "message_asked": gettext_lazy("Message sent"),
    "lock_asked": gettext_lazy("Lock asked for"),
    "unlock_asked": gettext_lazy("Unlock asked for"),
    "restart_asked": gettext_lazy("Restart asked for"),
    "log_pull_asked": gettext_lazy("Log asked for"),
    "wipe_asked": gettext_lazy("Wipe asked for"),
    "parameter_push_asked": gettext_lazy("Settings pushed"),
    "self_test_asked": gettext_lazy("Self-test asked for"),
    "message_done": gettext_lazy("Message shown"),
    "lock_done": gettext_lazy("Locked"),
    "unlock_done": gettext_lazy("Unlocked"),
    "restart_done": gettext_lazy("Restarted"),
    "log_pull_done": gettext_lazy("Log fetched"),
    "wipe_done": gettext_lazy("Wiped by the terminal"),
    "parameter_push_done": gettext_lazy("Settings fetched"),
    "self_test_done": gettext_lazy("Self-test run"),
}


def cause_words(cause: ActivationFailure, language: str) -> str:
    """Return why an activation failed and what to do, in a language such as `zh-hans`."""
    with override(language):
        return str(CAUSE_WORDS[cause])
