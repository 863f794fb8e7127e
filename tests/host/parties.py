"""The two parties a host talks to, scripted: a terminal and an issuer that speak real bytes."""

from __future__ import annotations

from dataclasses import dataclass, field

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.key_wrapping import NamedKey
from tongbao.crypto.mac import MacAlgorithm, terminal_mac_algorithm
from tongbao.crypto.software_key_store import SoftwareKeyStore
from tongbao.domain.secrets import KeyBytes, Pan, Pin, Purpose
from tongbao.wire.framing import add_length
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.network.dialect import NETWORK
from tongbao.wire.network.messages import MAC_FIELD
from tongbao.wire.unionpay.framing import (
    DEFAULT_HEADER,
    DEFAULT_TPDU,
    pack_frame,
    unpack_frame,
)
from tongbao.wire.unionpay.profile import HostProfile
from tongbao.wire.unionpay.table import UNIONPAY
from tongbao.wire.unionpay.transactions import KINDS

MERCHANT = "100000000000001"
TERMINAL = "00000001"
PAN = "6200001234567890128"
OTHER_PAN = "6200009999990000017"
TRACK2 = f"{PAN}D30122010000000000"
PIN = "123456"
TMK = KeyBytes(b"\x11" * 16)
ZPK = KeyBytes(b"\x22" * 16)
ZAK = KeyBytes(b"\x33" * 16)
TOKEN = KeyBytes(b"\x44" * 32)
MASTER = KeyBytes(b"\x55" * 32)
ECB = MacAlgorithm.UNIONPAY_ECB


def host_keys(*terminals: str) -> SoftwareKeyStore:
    """A host's key store: zone keys, token key, and one master key for every terminal named."""
    store = SoftwareKeyStore.in_memory(MASTER)
    store.import_keys(
        [
            NamedKey("zpk", ZPK, KeyAlgorithm.TDES),
            NamedKey("zak", ZAK, KeyAlgorithm.AES),
            NamedKey("token", TOKEN, KeyAlgorithm.HMAC),
            *(NamedKey(f"tmk/{name}", TMK, KeyAlgorithm.TDES) for name in terminals or (TERMINAL,)),
        ]
    )
    return store


@dataclass
class ScriptedTerminal:
    """Builds a terminal's frames and reads the host's; `batch_no` follows the sign-in."""

    terminal_id: str = TERMINAL
    merchant_id: str = MERCHANT
    batch_no: int = 1
    keys: SoftwareKeyStore = field(
        default_factory=lambda: SoftwareKeyStore.in_memory(MASTER), repr=False
    )
    profile: HostProfile = field(default_factory=HostProfile)
    mac_algorithm: MacAlgorithm = ECB

    def __post_init__(self) -> None:
        self.keys.import_key(KeyName("tmk"), TMK, KeyAlgorithm.TDES)

    def sign_in(self, stan: int = 1, code: str = "003") -> bytes:
        return self.frame(
            "0800",
            {
                11: f"{stan:06d}",
                41: self.terminal_id,
                42: self.merchant_id,
                60: f"00{self.batch_no:06d}{code}",
                63: "01 ",
            },
        )

    def accept_sign_in(self, frame: bytes) -> Message:
        """Load the working keys of a sign-in reply (length prefix included)."""
        reply = self.read(frame)
        assert reply.fields[39] == "00", reply.fields[39]
        work = self.keys.unwrap_working_keys(
            KeyName("tmk"),
            reply.binary(62),
            "work",
            mak_check_value_offset=self.profile.mak_check_value_offset,
        )
        kind = self.keys.key_algorithm(work.mak)
        self.mac_algorithm = terminal_mac_algorithm(self.profile.mac_algorithm, kind)
        self.batch_no = int(reply.text(60)[2:8])
        return reply

    def sale(
        self,
        stan: int,
        amount_minor: int = 12345,
        *,
        track2: str = TRACK2,
        pin: str | None = PIN,
        change: dict[int, object] | None = None,
    ) -> bytes:
        """A 0200 by stripe; `change` replaces fields, None removes one."""
        fields: dict[int, object] = {
            3: "000000",
            4: f"{amount_minor:012d}",
            11: f"{stan:06d}",
            22: "021" if pin else "022",
            25: "00",
            35: track2,
            41: self.terminal_id,
            42: self.merchant_id,
            49: "156",
            60: f"22{self.batch_no:06d}000501",
        }
        if pin:
            pan = Pan(track2.partition("D")[0])
            block = self.keys.encrypt_pin(KeyName("work/pik"), Pin(pin), pan)
            fields |= {26: "12", 52: block.reveal(Purpose.WIRE), 53: "2600000000000000"}
        return self.frame("0200", fields | (change or {}), mac=True)

    def payment(
        self,
        kind: str,
        stan: int,
        amount_minor: int = 12345,
        *,
        original: tuple[int, int, str] | None = None,
        change: dict[int, object] | None = None,
    ) -> bytes:
        """Any payment by stripe without PIN; `original` is batch, trace and MMDD of field 61."""
        transaction = KINDS[kind]
        fields: dict[int, object] = {
            3: transaction.processing_code,
            4: f"{amount_minor:012d}",
            11: f"{stan:06d}",
            22: "022",
            25: transaction.condition,
            35: TRACK2,
            41: self.terminal_id,
            42: self.merchant_id,
            49: "156",
            60: f"{transaction.function}{self.batch_no:06d}000501",
        }
        if kind == "offline_sale":
            fields[38] = "A12345"
        if original is not None:
            batch_no, original_stan, date = original
            fields[61] = f"{batch_no:06d}{original_stan:06d}{date}"
        return self.frame(transaction.mti, fields | (change or {}), mac=True)

    def reversal_of(
        self, kind: str, stan: int, amount_minor: int = 12345, *, reason: str = "98"
    ) -> bytes:
        """The 0400 of any payment."""
        transaction = KINDS[kind]
        change: dict[int, object] = {
            3: transaction.processing_code,
            25: transaction.condition,
            60: f"{transaction.function}{self.batch_no:06d}000501",
        }
        return self.reversal(stan, amount_minor, reason=reason, change=change)

    def reversal(
        self,
        stan: int,
        amount_minor: int = 12345,
        *,
        reason: str = "98",
        change: dict[int, object] | None = None,
    ) -> bytes:
        fields: dict[int, object] = {
            3: "000000",
            4: f"{amount_minor:012d}",
            11: f"{stan:06d}",
            22: "021",
            25: "00",
            39: reason,
            41: self.terminal_id,
            42: self.merchant_id,
            49: "156",
            60: f"22{self.batch_no:06d}000501",
        }
        return self.frame("0400", fields | (change or {}), mac=True)

    def frame(self, mti: str, fields: dict[int, object], *, mac: bool = False) -> bytes:
        """Build a frame with its length prefix."""
        message = Message(mti, {n: v for n, v in fields.items() if v is not None})
        if mac:
            unsigned = UNIONPAY.encode_unsigned(message, 64)
            body = unsigned + self.keys.mac(KeyName("work/mak"), self.mac_algorithm, unsigned)
        else:
            body = UNIONPAY.encode(message)
        return pack_frame(DEFAULT_TPDU, DEFAULT_HEADER, body)

    def read(self, frame: bytes) -> Message:
        """Take a host's frame apart and check its MAC when it has one."""
        body = unpack_frame(frame[2:]).body
        message = UNIONPAY.decode(body)
        if 64 in message.fields:
            unsigned, mac = UNIONPAY.mac_split(body)
            assert self.keys.verify_mac(KeyName("work/mak"), self.mac_algorithm, unsigned, mac)
        return message


class ScriptedIssuer:
    """Reads the host's frames and builds answers under the zone keys."""

    def __init__(self) -> None:
        self.keys = SoftwareKeyStore.in_memory(MASTER)
        self.keys.import_key(KeyName("zak"), ZAK, KeyAlgorithm.AES)
        self.keys.import_key(KeyName("zpk"), ZPK, KeyAlgorithm.TDES)

    def read(self, frame: bytes) -> Message:
        """Take a frame of the host's apart; its MAC must be right."""
        body = frame[2:]
        unsigned, mac = NETWORK.mac_split(body)
        assert self.keys.verify_mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned, mac)
        return NETWORK.decode(body)

    def answer(
        self,
        request: Message,
        code: str = "00",
        *,
        auth_code: str = "123456",
        change: dict[int, object] | None = None,
    ) -> bytes:
        """Answer any message of the network dialect; without length prefix."""
        fields = {
            n: request.fields[n]
            for n in (3, 4, 7, 11, 32, 37, 41, 42, 49, 62, 70)
            if n in request.fields
        }
        fields[39] = code
        if code == "00" and request.mti in ("0100", "0200", "0220"):
            fields[38] = auth_code
        mti = f"{int(request.mti) + 10:04d}"
        message = Message(
            mti, {n: v for n, v in (fields | (change or {})).items() if v is not None}
        )
        mac_field = MAC_FIELD[mti]
        unsigned = NETWORK.encode_unsigned(message, mac_field)
        return unsigned + self.keys.mac(KeyName("zak"), MacAlgorithm.CMAC_AES, unsigned)

    def framed(self, request: Message, code: str = "00", **more: object) -> bytes:
        return add_length(self.answer(request, code, **more))
