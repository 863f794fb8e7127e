"""What the sandbox's host gives to terminals that download; none of it is of any real scheme.

The public keys were made for this table and their private halves thrown away: a TEST certificate
authority that vouches for nothing. Card numbers are in the BIN of this project's test cards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from tongbao.wire.tlv import TlvElement
from tongbao.wire.unionpay.structured import CaPublicKey, public_key_checksum
from tongbao.wire.unionpay.structured.field62_keys import UNIONPAY_RID
from tongbao.wire.unionpay.structured.tagged import TaggedValue

_TEST_KEY_EXPIRY: Final = "20301231"


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyRate:
    """A rate for showing an amount in another currency.

    Attributes:
        currency: ISO 4217 number, 3 digits.
        units: what one unit of it costs in yuan, times ten thousand.
    """

    currency: str
    units: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadValues:
    """Everything that terminals can download beside their own parameters.

    Attributes:
        public_keys: public keys of card schemes.
        applications: chip parameters, each a list of data objects that begins with its AID (9F06).
        contactless: contactless parameters by their six-character tags.
        bins_b: beginnings of card numbers that need no PIN, list B.
        bins_c: the same, list C.
        blacklist: card numbers to refuse.
        currency_rates: rates for showing amounts.
    """

    public_keys: tuple[CaPublicKey, ...] = ()
    applications: tuple[tuple[TlvElement, ...], ...] = ()
    contactless: tuple[TaggedValue, ...] = ()
    bins_b: tuple[str, ...] = ()
    bins_c: tuple[str, ...] = ()
    blacklist: tuple[str, ...] = ()
    currency_rates: tuple[CurrencyRate, ...] = ()


def _key(index: str, exponent: str, modulus: str) -> CaPublicKey:
    numbers = bytes.fromhex(modulus), bytes.fromhex(exponent)
    return CaPublicKey(
        rid=UNIONPAY_RID,
        index=index,
        expiry=_TEST_KEY_EXPIRY,
        modulus=numbers[0],
        exponent=numbers[1],
        checksum=public_key_checksum(UNIONPAY_RID, index, *numbers),
    )


_TEST_KEYS: Final = (
    _key(
        "E1",
        "03",
        "D39311CF97D60873125D67289E1C9A3351432CDE220870E5A958BD10B5BF9C97EF7A8CE1585296D7"
        "E2E749EAE82473B2CA14D61ACD83D9EF819E11A47C814B15D0A2EDF229859B66D6D129B56DB7AFDB"
        "9CD3DC077B31DF80C635A516422C63B7CD0C52F53E58E85F993A419A03ACC4C34D0822B326AC048C"
        "49F0E7D582CA27E5",
    ),
    _key(
        "E2",
        "03",
        "C7A19A77E06DF8ADF26F4702E573B7CF7DCDD0963963AA3E588A7EBDD3299DC1CE4E006268147437"
        "AC1901F0A7916FED63EA433CCC8C15DC6D81F195EF24F37B88E4712CBB023E6AAD9B620E7B338C2C"
        "CA680082217D52B600565D03A5D2ECB005F56CD2F771FF8E25FCC4BBEF5817CB5638A192278A0A91"
        "05C54759C96E53192B2150F2550D820854BDE30FA027DAB5",
    ),
    _key(
        "E3",
        "010001",
        "AD469FCDBA280EBA2675E18232AB168CD0556AFB1223B540C265B5899BD55B89E3F68A3E3B86F44B"
        "C8434D88E97CBFED117C65FC40ED7AB4D85D6B3DD41F03E53C490B3623FD02ABBECC30FA172D7CF6"
        "0CF750CF8D902CE5CBDBF9856B4D73E6C389FF6FC23D226B97BC2FB301EFC52DAB801B9CC93B74F9"
        "06918381F947F8B64F68C4EA10BEA9CE32BAE0764B974F3D7CC0B8BDA0914387E9D4CAC7E8FEAA15"
        "7CD749C4896F17CD694C4420F4EE9B87",
    ),
    _key(
        "E4",
        "010001",
        "9E4E8F692E8F123C648E27004F69245B1ED30601D670ED0747C69FB205A6C866E441AB1C5F39A9AF"
        "72EDD72A822FEB9493A3F5A9189B30E4937A3826EA058734753CC369A1E50336EA9C127B2894CE40"
        "0246BF8244DCE1260A69A14B2C2B52AE420FBEFB8F8AF959AF6A5CD18E3C90D15BED6DB8D6E00986"
        "21A672D703F96967",
    ),
)

# What all applications of the sandbox have in common: version, terminal action codes, floor limit,
# random selection, DDOL, online PIN, cash and contactless limits (12 digits in minor units).
_COMMON: Final = (
    ("9F08", "0030"),
    ("DF11", "D84000A800"),
    ("DF12", "D84004F800"),
    ("DF13", "0010000000"),
    ("9F1B", "00000000"),
    ("DF15", "00000000"),
    ("DF16", "99"),
    ("DF17", "99"),
    ("DF14", "9F3704"),
    ("DF18", "01"),
    ("9F7B", "000000100000"),
    ("DF19", "000000000000"),
    ("DF20", "000000100000"),
    ("DF21", "000000100000"),
)


def _application(aid: str) -> tuple[TlvElement, ...]:
    # DF01 = 00: part of the name is enough to choose it.
    objects = (("9F06", aid), ("DF01", "00"), *_COMMON)
    return tuple(TlvElement(tag, bytes.fromhex(value)) for tag, value in objects)


SANDBOX_DOWNLOADS: Final = DownloadValues(
    public_keys=_TEST_KEYS,
    # Debit, credit, quasi credit, and the debit application for use abroad.
    applications=tuple(
        _application(aid)
        for aid in (
            "A000000333010101",
            "A000000333010102",
            "A000000333010103",
            "A000000333010106",
        )
    ),
    contactless=(
        TaggedValue("FF805D", b"1"),
        TaggedValue("FF803A", b"1"),
        TaggedValue("FF8058", b"000000100000"),
        TaggedValue("FF8055", b"0"),
        TaggedValue("FF8056", b"1"),
        TaggedValue("FF8057", b"1"),
        TaggedValue("FF8059", b"000000100000"),
    ),
    bins_b=("620000", "62000012", "62000099"),
    bins_c=("620000",),
    blacklist=("6200000000000000901", "6200000000000000919"),
    currency_rates=(
        CurrencyRate(currency="344", units=9_100),
        CurrencyRate(currency="840", units=71_000),
        CurrencyRate(currency="978", units=82_000),
    ),
)
