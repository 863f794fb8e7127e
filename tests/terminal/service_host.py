"""The fake host with everything beside the payments: settlement, upload, downloads, signatures."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from tests.terminal.fake_host import MAK, FakeHost
from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.crypto.mac import MacAlgorithm
from tongbao.domain.secrets import KeyBytes, Purpose
from tongbao.wire.iso8583.codec import Message
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv
from tongbao.wire.unionpay.structured import BatchDetails
from tongbao.wire.unionpay.table import UNIONPAY

NEW_TMK = KeyBytes(bytes.fromhex("5A" * 16))
RID = bytes.fromhex("A000000333")
_SIGNED = {"0220", "0620", "0100"}


def tlv(**values: bytes) -> bytes:
    """Data objects by tag, a t before each."""
    return build_tlv(TlvElement(tag[1:], value) for tag, value in values.items())


def public_key(index: int) -> bytes:
    parts = {"t9F06": RID, "t9F22": bytes([index]), "tDF02": b"\xc1" * 128, "tDF04": b"\x03"}
    return tlv(**parts, tDF03=hashlib.sha1(b"".join(parts.values())).digest())


@dataclass
class ServiceHost(FakeHost):
    """`flags` are its verdicts on totals, `uploads` the codes of the next 0330, else 00."""

    flags: str = "11"
    totals_code: str | None = None
    uploads: list[str] = field(default_factory=list)
    advice_codes: list[str] = field(default_factory=list)
    service_codes: list[str] = field(default_factory=list)
    counted: int | None = None
    parameters: bytes = b"1260"
    blacklist: bytes = b""
    key_indexes: tuple[int, ...] = (1, 2)
    totals: list[str] = field(default_factory=list)
    details: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    advices: dict[int, Message] = field(default_factory=dict)
    ended: list[tuple[str, int]] = field(default_factory=list)
    images: list[tuple[str, bytes]] = field(default_factory=list)
    scripts: list[Message] = field(default_factory=list)
    status: list[bytes] = field(default_factory=list)

    def _body(self, request: Message, reply: Message, mac: str) -> bytes:
        wants_mac = request.mti in _SIGNED or (request.mti == "0820" and 64 in request.fields)
        if wants_mac and mac != "missing":
            unsigned = UNIONPAY.encode_unsigned(reply, 64)
            value = self.keys.mac(MAK, MacAlgorithm.UNIONPAY_ECB, unsigned)
            return unsigned + (b"00000000" if mac == "wrong" else value)
        return super()._body(request, reply, mac)

    def _reply(self, request: Message, body: bytes) -> Message:
        code = request.text(60)[8:11]
        if request.mti == "0820":
            is_signature = request.text(60)[:2] == "07"
            return self._signature(request) if is_signature else self._small(request, code)
        if request.mti == "0800" and not code.startswith("00"):
            return self._download(request, code)
        served = {
            "0500": self._settle,
            "0320": self._upload,
            "0620": self._script,
            "0220": self._advice,
        }.get(request.mti)
        return served(request) if served else super()._reply(request, body)

    def _script(self, request: Message) -> Message:
        self.scripts.append(request)
        return self._plain(request)

    def _plain(self, request: Message, code: str | None = None) -> Message:
        reply = self._echo(request, (3, 4, 11, 25, 41, 42, 49, 60))
        reply.fields[39] = code or (self.service_codes.pop(0) if self.service_codes else "00")
        return reply

    def _settle(self, request: Message) -> Message:
        reply = self._echo(request, (11, 41, 42, 49, 60))
        digits = request.text(48)
        self.totals.append(digits)
        if self.totals_code is not None:
            reply.fields[39] = self.totals_code
            return reply
        reply.fields[48] = digits[:30] + self.flags[0] + digits[31:61] + self.flags[1]
        return reply

    def _upload(self, request: Message) -> Message:
        code = request.text(60)[8:11]
        reply = self._plain(request, self.uploads.pop(0) if self.uploads else "00")
        if code in ("202", "207"):
            count = int(request.text(48))
            if reply.fields[39] == "00":
                self.ended.append((code, count))
            reply.fields[48] = f"{count if self.counted is None else self.counted:04d}"
        elif reply.fields[39] not in ("00", "94"):
            pass
        elif code == "201":
            for detail in BatchDetails.parse(request.text(48)).details:
                trace = int(detail.trace)
                found = (detail.card, detail.pan.reveal(Purpose.TEST), detail.amount)
                assert self.details.setdefault(trace, found) == found
        else:
            self.advices[int(request.text(11))] = request
        return reply

    def _advice(self, request: Message) -> Message:
        reply = self._plain(request, self.advice_codes.pop(0) if self.advice_codes else "00")
        reply.fields[63] = "CUP"
        return reply

    def _signature(self, request: Message) -> Message:
        reply = self._plain(request)
        if reply.fields[39] == "00":
            self.images.append((request.text(60), request.binary(62)))
        return reply

    def _small(self, request: Message, code: str) -> Message:
        reply = self._plain(request)
        if code == "362":
            self.status.append(request.binary(62))
        elif code == "372":
            names = b"".join(tlv(t9F06=RID, t9F22=bytes([n])) for n in self.key_indexes)
            reply.fields[62] = b"1" + names
        elif code == "382":
            reply.fields[62] = b"1" + tlv(t9F06=b"\xa0\x01")
        return reply

    def _download(self, request: Message, code: str) -> Message:
        reply = self._plain(request)
        value = {
            "360": lambda: self.parameters,
            "390": lambda: self.blacklist,
            "370": lambda: b"1" + public_key(request.binary(62)[-1]),
            "380": lambda: b"1" + tlv(t9F06=b"\xa0\x01", tDF01=b"\x00"),
            "352": self._rsa_key,
            "350": lambda: self._master_key(request.binary(62)),
        }.get(code)
        if value is not None and reply.fields[39] == "00":
            reply.fields[62] = value()
        if code == "351" and reply.fields[39] == "00":
            self.keys.rename(KeyName("tmk-next"), KeyName("tmk"))
        return reply

    def _rsa_key(self) -> bytes:
        name = KeyName("rsa")
        if not self.keys.has(name):
            self.keys.make_key(name, KeyAlgorithm.RSA, bytes)
        modulus, exponent = self.keys.rsa_public(name)
        return tlv(t9F06=RID, t9F22=b"\x01", tDF02=modulus, tDF04=exponent)

    def _master_key(self, request: bytes) -> bytes:
        objects = {element.tag: element.value for element in parse_tlv(request)}
        transport = KeyName("transport")
        self.keys.receive_transport_key(KeyName("rsa"), objects["DF23"], objects["DF24"], transport)
        self.keys.import_key(KeyName("tmk-next"), NEW_TMK, KeyAlgorithm.TDES)
        wrapped, kcv = self.keys.wrap_master_key(transport, KeyName("tmk-next"))
        return tlv(tDF23=wrapped, tDF24=kcv)
