"""Merchants, people, key files and a machine with a key of its own, for the tests of the fleet."""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

from tongbao.platform.access.actor import Actor, ActorKind
from tongbao.platform.access.permissions import PORTAL_PERMISSIONS
from tongbao.platform.access.roles import StaffRole
from tongbao.platform.fleet.authority import DeviceAuthority
from tongbao.platform.fleet.stock_list import NewDevice
from tongbao.wire.device.activation import Hello, HostAddress
from tongbao.wire.device.codec import encode
from tongbao.wire.device.health import (
    Heartbeat,
    NetworkKind,
    NetworkQuality,
    Part,
    PartResult,
    PrinterState,
    SelfTestReport,
    TestOccasion,
    TestOutcome,
    Unsent,
)
from tongbao.wire.device.signing import RequestSignature, request_signing_input

NOW = 1_790_000_000_000_000
MINUTE = 60 * 1_000_000
DAY = 24 * 60 * MINUTE
MERCHANT_ID, OTHER_ID = "898310053110001", "898310053110002"
SERIAL, OTHER_SERIAL = "TB26110001", "TB26110002"
SHOP, OTHER_SHOP = "shop_one", "shop_two"
HOST = HostAddress(
    address="127.0.0.1", port=8583, tls=True, tls_name="localhost", ca_pem="-", profile="unionpay"
)


def staff(name: str, *roles: StaffRole) -> Actor:
    return Actor(
        kind=ActorKind.STAFF,
        actor_id=name,
        name=name,
        staff_roles=frozenset(roles),
        second_factor_at_us=NOW,
    )


FLEET = staff("fang", StaffRole.FLEET)
FLEET_2 = staff("gao", StaffRole.FLEET)
KEEPER_1 = staff("han", StaffRole.KEY_CUSTODIAN)
KEEPER_2 = staff("jia", StaffRole.KEY_CUSTODIAN)
SUPPORT = staff("kang", StaffRole.SUPPORT)
OWNER = Actor(
    kind=ActorKind.PERSON,
    actor_id="7",
    name="李店主",
    memberships={MERCHANT_ID: PORTAL_PERMISSIONS},
    second_factor_at_us=NOW,
)
STRANGER = Actor(
    kind=ActorKind.PERSON,
    actor_id="8",
    name="别家",
    memberships={OTHER_ID: PORTAL_PERMISSIONS},
    second_factor_at_us=NOW,
)


def add_merchants() -> None:
    from tongbao.platform.merchants.models import Merchant, SettlementAccount, Shop

    for merchant_id, shop_id, code in (
        (MERCHANT_ID, SHOP, "91310000MA1TEST001"),
        (OTHER_ID, OTHER_SHOP, "91310000MA1TEST002"),
    ):
        merchant = Merchant.objects.create(
            merchant_id=merchant_id,
            name="通宝便利店",
            name_en="Tongbao Corner Shop",
            mcc="5411",
            city="上海",
            credit_code=code,
            contact_phone="+8619900001234",
            created_at_us=NOW,
        )
        Shop.objects.create(
            shop_id=shop_id,
            merchant=merchant,
            name="南京路店",
            address="南京路 1 号",
            city="上海",
            latitude_udeg=31_230_000,
            longitude_udeg=121_470_000,
            created_at_us=NOW,
        )
        SettlementAccount.objects.create(
            account_id=f"account_{shop_id}",
            merchant=merchant,
            holder="通宝便利店",
            bank="沙盒银行",
            number_sealed=b"sealed",
            number_token="token",
            last4="1234",
            kind="corporate",
            valid_from_us=NOW,
        )


def new_devices(*serials: str) -> list[NewDevice]:
    return [
        NewDevice(serial_number=serial, model="T1", parts={"printer": "P58"}) for serial in serials
    ]


def new_authority() -> DeviceAuthority:
    """An authority that was made a moment ago."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test device CA")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return DeviceAuthority(certificate.public_bytes(Encoding.PEM), private)


class Machine:
    """A machine with its own key."""

    def __init__(self, serial: str = SERIAL) -> None:
        self.serial = serial
        self.key = Ed25519PrivateKey.generate()
        self.public_key = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.nonces = 0

    @property
    def actor(self) -> Actor:
        return Actor(kind=ActorKind.DEVICE, actor_id=self.serial, name=self.serial)

    def hello(self) -> Hello:
        return Hello(
            serial_number=self.serial,
            model="T1",
            software_version="0.1.0",
            public_key=self.public_key,
            nonce=bytes(16),
        )

    def csr(self, serial: str | None = None) -> str:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, serial or self.serial)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self.key, None)
        return request.public_bytes(Encoding.PEM).decode()

    def signature(self, method: str, path: str, body: bytes, at_ms: int) -> str:
        self.nonces += 1
        nonce = self.nonces.to_bytes(16, "big")
        signed = self.key.sign(request_signing_input(method, path, at_ms, nonce, body))
        return RequestSignature(at_ms=at_ms, nonce=nonce, signature=signed).header()

    def private_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def beat(now_us: int, **changes: object) -> Heartbeat:
    facts: dict[str, object] = {
        "at_ms": now_us // 1000,
        "uptime_s": 60,
        "software_version": "0.1.0",
        "battery_percent": 90,
        "storage_free_bytes": 10**9,
        "printer": PrinterState.READY,
        "network": NetworkQuality(kind=NetworkKind.WIFI, rtt_ms=40, loss_permille=0),
        "place": None,
        "unsent": Unsent(reversals=0, advices=0, signatures=0),
        "applied_version": 0,
        "is_locked": False,
        "is_training": False,
    }
    return Heartbeat(**{**facts, **changes})  # type: ignore[arg-type]  # a test's own facts


def self_test(now_us: int, *failed: Part) -> SelfTestReport:
    return SelfTestReport(
        occasion=TestOccasion.ACTIVATION,
        act_id=None,
        at_ms=now_us // 1000,
        parts=tuple(
            PartResult(
                part=part,
                outcome=TestOutcome.FAILED if part in failed else TestOutcome.PASSED,
                detail="",
                evidence_sha256=None,
            )
            for part in (Part.SCREEN, Part.PRINTER, Part.KEYS)
        ),
    )


def body_of(message: object) -> bytes:
    return encode(message)
