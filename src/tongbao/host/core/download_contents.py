"""What field 62 of each download holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import SecretText
from tongbao.host.core.requests import RefusalError
from tongbao.wire.tlv import TlvElement, build_tlv
from tongbao.wire.unionpay.structured import (
    BinList,
    BinListRequest,
    Blacklist,
    ContactlessParameters,
    DataObjects,
    DownloadProgress,
    MagneticParameters,
)
from tongbao.wire.unionpay.structured.tagged import TaggedValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tongbao.host.core.requests import Request
    from tongbao.host.core.state import Terminal
    from tongbao.host.download_values import DownloadValues
    from tongbao.wire.unionpay.profile import HostProfile

NOTHING: Final = b"0"
COMPLETE: Final = b"1"
MORE: Final = b"2"
# Small parts, so that a terminal that cannot put a list together is found early.
ENTRIES_PER_REPLY: Final = 3
_AID: Final = "9F06"
_KEY_INDEX: Final = "9F22"
_KEY_EXPIRY: Final = "DF05"
# Seconds that a terminal waits for an answer.
_TIMEOUT_S: Final = 60
_NAME_BYTES: Final = 40
_PHONE: Final = " " * 14
# Bit 1 stands first: balance, pre-authorisation and its void, completion and its void, sale, void,
# refund, offline sale, adjustment, completion advice, script result, chip offline sale.
_ALL_TRANSACTIONS: Final = "FFF8"
_DIGIT_MAX: Final = 9
_PERCENT_MAX: Final = 99

_Entry = TypeVar("_Entry")


class Contents:
    """Makes field 62 for a terminal; every method raises RefusalError("30") for a wrong request.

    Spec: UnionPay terminal dialect, 2.8.
    """

    __slots__ = ("_profile", "_values")

    def __init__(self, profile: HostProfile, values: DownloadValues) -> None:
        self._profile = profile
        self._values = values

    def parameters(self, _request: Request, terminal: Terminal) -> bytes:
        """Return the terminal's own parameters: what its merchant may do, and the host's habits."""
        profile, record = self._profile, terminal.record
        texts = {
            "11": "60",
            "12": f"{_TIMEOUT_S:02d}",
            "13": "3",
            **dict.fromkeys(("14", "15", "16", "17"), _PHONE),
            "18": str(int(profile.tip_percent_max > 0)),
            "19": f"{min(profile.tip_percent_max, _PERCENT_MAX):02d}",
            "20": str(int(record.mail_order_allowed)),
            "21": str(int(profile.auto_sign_off)),
            "23": str(min(profile.reversal_repeats, _DIGIT_MAX)),
            "24": "0",
            "25": "0",
            "26": _ALL_TRANSACTIONS,
        }
        values = {tag: text.encode("ascii") for tag, text in texts.items()}
        values["22"] = _name(record.merchant_name)
        ordered = sorted(values.items())
        return MagneticParameters(tuple(TaggedValue(tag, value) for tag, value in ordered)).build()

    def tms_parameters(self, _request: Request, _terminal: Terminal) -> bytes:
        """Return that there is nothing to load: no layout of these parameters is public."""
        return NOTHING

    def public_key_list(self, request: Request, _terminal: Terminal) -> bytes:
        """Return the names and expiries of the public keys that the terminal does not have yet."""
        entries = [
            build_tlv(
                (
                    TlvElement(_AID, bytes.fromhex(key.rid)),
                    TlvElement(_KEY_INDEX, bytes.fromhex(key.index)),
                    TlvElement(_KEY_EXPIRY, key.expiry.encode("ascii")),
                )
            )
            for key in self._values.public_keys
        ]
        return _list(request, entries)

    def public_key(self, request: Request, _terminal: Terminal) -> bytes:
        """Return the public key that the terminal names."""
        asked = _objects(request)
        for key in self._values.public_keys:
            name = {_AID: bytes.fromhex(key.rid), _KEY_INDEX: bytes.fromhex(key.index)}
            if asked == name:
                return COMPLETE + key.build()
        return NOTHING

    def application_list(self, request: Request, _terminal: Terminal) -> bytes:
        """Return the AIDs whose parameters the terminal does not have yet."""
        return _list(request, [build_tlv(objects[:1]) for objects in self._values.applications])

    def application(self, request: Request, _terminal: Terminal) -> bytes:
        """Return the chip parameters of the AID that the terminal names."""
        asked = _objects(request)
        for objects in self._values.applications:
            if asked == {_AID: objects[0].value}:
                return COMPLETE + build_tlv(objects)
        return NOTHING

    def currency_rates(self, _request: Request, _terminal: Terminal) -> bytes:
        """Return flag and rates: ISO number, 3 digits, and price in 1/10000 yuan, 8 digits.

        The dialect's layout is not public; this one is ours.
        """
        rates = self._values.currency_rates
        if not rates:
            return NOTHING
        return COMPLETE + "".join(f"{one.currency}{one.units:08d}" for one in rates).encode("ascii")

    def blacklist(self, _request: Request, _terminal: Terminal) -> bytes:
        """Return the card numbers to refuse; an empty value when there are none."""
        return Blacklist(tuple(SecretText(card) for card in self._values.blacklist)).build()

    def contactless(self, _request: Request, _terminal: Terminal) -> bytes:
        """Return the contactless parameters."""
        return ContactlessParameters(self._values.contactless).build()

    def bins_b(self, request: Request, _terminal: Terminal) -> bytes:
        """Return a part of BIN list B."""
        return _bins(request, self._values.bins_b)

    def bins_c(self, request: Request, _terminal: Terminal) -> bytes:
        """Return a part of BIN list C."""
        return _bins(request, self._values.bins_c)


def _name(name: str) -> bytes:
    """Return a merchant's name in GBK, cut between characters and filled to 40 bytes."""
    value = b""
    for character in name:
        encoded = character.encode("gbk", "replace")
        if len(value) + len(encoded) > _NAME_BYTES:
            break
        value += encoded
    return value.ljust(_NAME_BYTES)


def _field62(request: Request) -> bytes:
    value = request.fields.get(62)
    return value if isinstance(value, bytes) else b""


def _objects(request: Request) -> dict[str, bytes]:
    try:
        elements = DataObjects.parse(_field62(request)).elements
    except ProtocolError:
        raise RefusalError("30") from None
    if not elements:
        raise RefusalError("30")
    return {element.tag: element.value for element in elements}


def _list(request: Request, entries: Sequence[bytes]) -> bytes:
    """Return the next part of a list behind its flag."""
    try:
        received = DownloadProgress.parse(_field62(request)).received
    except ProtocolError:
        raise RefusalError("30") from None
    part, flag = _part(entries, received)
    return flag + b"".join(part)


def _bins(request: Request, bins: Sequence[str]) -> bytes:
    try:
        index = BinListRequest.parse(_field62(request)).index
    except ProtocolError:
        raise RefusalError("30") from None
    part, flag = _part(bins, index)
    # An empty list is one that has ended.
    flag_text = MORE if flag == MORE else COMPLETE
    return BinList(flag_text.decode("ascii"), index + len(part), tuple(part)).build()


def _part(entries: Sequence[_Entry], received: int) -> tuple[Sequence[_Entry], bytes]:
    part = entries[received : received + ENTRIES_PER_REPLY]
    if not part:
        return part, NOTHING
    return part, MORE if received + len(part) < len(entries) else COMPLETE
