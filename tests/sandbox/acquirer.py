"""The other side of the network in these tests: builds requests, checks and reads replies."""

from __future__ import annotations

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.dates import Instant
from tongbao.domain.ids import MerchantId, Rrn, Stan, TerminalId
from tongbao.domain.money import Currency, Money
from tongbao.domain.secrets import KeyBytes, Pin, Track2
from tongbao.sandbox.cards import CARD_BY_ID
from tongbao.sandbox.issuer.core.events import FrameArrived
from tongbao.sandbox.issuer.core.issuer import IssuerCore, IssuerRules
from tongbao.sandbox.issuer.install import load_state
from tongbao.sandbox.issuer.pump import IssuerPump
from tongbao.sandbox.issuer.store import IssuerStore
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.inquiry import StatusInquiry
from tongbao.wire.network.messages import (
    MAC_FIELD,
    NetworkManagement,
    ReversalRequest,
    SaleRequest,
)
from tongbao.wire.network.operation_messages import OperationRequest
from tongbao.wire.network.operations import Operation

NOW = Instant(1_795_226_400_000_000)  # 2026-11-21T10:00:00+08:00
RIGHT_PIN = "135246"
WRONG_PIN = "864209"
TERMINAL = TerminalId("00000001")
MERCHANT = MerchantId("100000000000001")
ZONE_KEYS = {
    "zpk": (KeyBytes(bytes.fromhex("112233445566778899AABBCCDDEEFF00")), KeyAlgorithm.TDES),
    "zak": (KeyBytes(b"\x22" * 16), KeyAlgorithm.AES),
    "pvk": (KeyBytes(b"\x33" * 32), KeyAlgorithm.HMAC),
    "token": (KeyBytes(b"\x44" * 32), KeyAlgorithm.HMAC),
}


def zone_keys() -> SoftwareKeyStore:
    """A key store with the four keys of the issuer."""
    keys = SoftwareKeyStore.in_memory(KeyBytes(b"\x55" * 32))
    for name, (key, algorithm) in ZONE_KEYS.items():
        keys.import_key(KeyName(name), key, algorithm)
    return keys


class Acquirer:
    """Makes signed request bodies and reads signed replies, field by field."""

    def __init__(self, keys=None):
        self.keys = keys or zone_keys()

    def sale(self, number, card="good", pin=RIGHT_PIN, fen=1234, *, change=None, track=None):
        """The 0200 of payment `number`; `pin` None leaves the PIN out, `change` edits fields."""
        track2 = Track2(track) if track else CARD_BY_ID[card].track2
        block = None
        if pin is not None:
            block = self.keys.encrypt_pin(KeyName("zpk"), Pin(pin), track2.pan)
        request = SaleRequest(
            amount=Money(fen, Currency.CNY),
            transmitted="1121020000",
            stan=Stan(number),
            mcc="5411",
            entry_mode="021",
            condition="00",
            acquirer="99900001",
            track2=track2,
            rrn=rrn(number),
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
            pin_block=block,
            security="2600000000000000" if block else None,
        )
        return self.sign(request.to_message(), change)

    def reversal(self, number, fen=1234, *, change=None):
        """The 0420 of payment `number`."""
        request = ReversalRequest(
            amount=Money(fen, Currency.CNY),
            transmitted="1121020000",
            stan=Stan(number),
            acquirer="99900001",
            rrn=rrn(number),
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
        )
        return self.sign(request.to_message(), change)

    def operation(self, number, operation, original=None, fen=1234, **options):
        """The request of `operation` under this number; `original` is a number too.

        Options: `card`, `pin` (default: the right one where it must be there, else none),
        `keyed` sends F2 in place of the stripe, `expiry`, `condition`, `stan`, `change`.
        """
        track2 = CARD_BY_ID[options.get("card", "good")].track2
        without_pin = operation.names_original or operation is Operation.OFFLINE_SALE
        pin = options.get("pin", None if without_pin else RIGHT_PIN)
        block = None
        if pin is not None:
            block = self.keys.encrypt_pin(KeyName("zpk"), Pin(pin), track2.pan)
        keyed = options.get("keyed", False)
        request = OperationRequest(
            operation=operation,
            amount=Money(0 if operation is Operation.BALANCE else fen, Currency.CNY),
            transmitted="1121020000",
            stan=Stan(options.get("stan", number)),
            mcc="5411",
            entry_mode="011" if keyed else "021",
            condition="06"
            if operation.form.is_pre_authorisation
            else options.get("condition", "00"),
            acquirer="99900001",
            track2=None if keyed else track2,
            keyed_pan=track2.pan if keyed else None,
            rrn=rrn(number),
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
            original=None if original is None else rrn(original),
            pin_block=block,
            security="2600000000000000" if block else None,
            expiry=options.get("expiry"),
        )
        return self.sign(request.to_message(), options.get("change"))

    def undo(self, number, operation, fen=1234, *, change=None):
        """The 0420 of the request `number`, which was this operation."""
        request = ReversalRequest(
            operation=operation,
            amount=Money(fen, Currency.CNY),
            transmitted="1121020000",
            stan=Stan(number),
            acquirer="99900001",
            rrn=rrn(number),
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
        )
        return self.sign(request.to_message(), change)

    def inquiry(self, asked, *, change=None):
        """The 0600 about the request `asked`."""
        request = StatusInquiry(
            transmitted="1121020100",
            stan=Stan(1),
            rrn=rrn(asked),
            terminal_id=TERMINAL,
            merchant_id=MERCHANT,
            asked=rrn(asked),
        )
        return self.sign(request.to_message(), change)

    def management(self, code, *, change=None):
        """An 0800 with this F70."""
        request = NetworkManagement(code=code, transmitted="1121020000", stan=Stan(1))
        return self.sign(request.to_message(), change)

    def sign(self, message, change=None):
        """Edit the message and add its MAC."""
        for field, value in (change or {}).items():
            if value is None:
                del message.fields[field]
            else:
                message.fields[field] = value
        unsigned = NETWORK.encode_unsigned(message, MAC_FIELD[message.mti])
        return unsigned + self.keys.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned)

    def read(self, body):
        """Check the MAC of a reply and return its MTI and fields without the MAC."""
        message = NETWORK.decode(body)
        unsigned, mac = NETWORK.mac_split(body)
        assert self.keys.verify_mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned, mac)
        fields = {n: value for n, value in message.fields.items() if n not in (64, 128)}
        return message.mti, fields


def rrn(number):
    """The F37 of payment `number`."""
    return Rrn(f"R{number:011d}")


class Issuer:
    """The real core, pump and store over a file, driven without sockets."""

    def __init__(self, path, keys=None, rules=IssuerRules(5_000)):  # noqa: B008 - a frozen value
        self.acquirer = Acquirer(keys)
        self.store = IssuerStore.open(path)
        self.state = load_state(self.store, self.acquirer.keys, NOW)
        self.core = IssuerCore(self.acquirer.keys, self.state, rules)
        self.pump = IssuerPump(self.core, self.store)
        self.now = NOW

    def run(self, *bodies):
        """Run the messages as one group and return all that the issuer says."""
        return self.pump.run([FrameArrived(1, body) for body in bodies], self.now)

    def ask(self, body):
        """Run one message and return F39 of the one answer."""
        (reply,) = self.run(body)
        return self.acquirer.read(reply.body)[1][39]

    def fields(self, body):
        """Run one message and return the fields of the one answer."""
        (reply,) = self.run(body)
        return self.acquirer.read(reply.body)[1]

    def close(self):
        """Close the book."""
        self.store.close()
