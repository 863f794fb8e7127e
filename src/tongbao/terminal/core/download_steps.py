"""A download as a value: what to ask next, and what each answer adds.

Lists (public keys, chip parameters) are asked for until the host says that nothing follows, then
each entry is loaded, then the end is told. Parameters and blacklist come in one answer. The master
key comes under a transport key that goes up under the host's RSA key; it counts only when the host
has answered the end message.

Spec: UnionPay terminal dialect, 2.8 and 3.11 to 3.13.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from tongbao.domain.errors import ProtocolError
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv
from tongbao.wire.unionpay.structured import DataObjects, FlaggedDataObjects, MagneticParameters
from tongbao.wire.unionpay.transactions import (
    BLACKLIST,
    CHIP_PARAMETER_LIST,
    CHIP_PARAMETERS,
    MASTER_KEY,
    MASTER_KEY_RSA,
    PARAMETERS,
    PUBLIC_KEY_LIST,
    PUBLIC_KEYS,
    Transaction,
)

if TYPE_CHECKING:
    from tongbao.domain.ids import BatchNo
    from tongbao.terminal.core.management_messages import Station
    from tongbao.wire.iso8583.codec import Message
    from tongbao.wire.iso8583.fields import FieldValue


class Download(Enum):
    """What can be downloaded; the value is the word of the command and of the header's acts."""

    PARAMETERS = "parameters"
    PUBLIC_KEYS = "public_keys"
    CHIP_PARAMETERS = "chip_parameters"
    BLACKLIST = "blacklist"
    MASTER_KEY = "master_key"


class Step(Enum):
    """Where a download stands."""

    LIST = "list"
    RSA_KEY = "rsa_key"
    LOAD = "load"
    END = "end"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class _Plan:
    """The messages of one kind of download; `first` is what stands before the loading."""

    first: Step
    load: Transaction
    before: Transaction | None = None


_PLANS: Final = {
    Download.PARAMETERS: _Plan(Step.LOAD, PARAMETERS),
    Download.PUBLIC_KEYS: _Plan(Step.LIST, PUBLIC_KEYS, PUBLIC_KEY_LIST),
    Download.CHIP_PARAMETERS: _Plan(Step.LIST, CHIP_PARAMETERS, CHIP_PARAMETER_LIST),
    Download.BLACKLIST: _Plan(Step.LOAD, BLACKLIST),
    Download.MASTER_KEY: _Plan(Step.RSA_KEY, MASTER_KEY, MASTER_KEY_RSA),
}
_LISTS: Final = frozenset({Download.PUBLIC_KEYS, Download.CHIP_PARAMETERS})
_ENTRIES_MAX: Final = 99
_NOTHING: Final = "0"
_COMPLETE: Final = "1"
_MORE: Final = "2"
# What names an entry, in the list and in its request.
_ENTRY_TAGS: Final = {
    Download.PUBLIC_KEYS: ("9F06", "9F22"),
    Download.CHIP_PARAMETERS: ("9F06",),
}
RID: Final = "9F06"
INDEX: Final = "9F22"
MODULUS: Final = "DF02"
EXPONENT: Final = "DF04"
CHECKSUM: Final = "DF03"
WRAPPED_KEY: Final = "DF23"
CHECK_VALUE: Final = "DF24"
_OK: Final = "00"
# 60.3 in field 60.
_CODE: Final = slice(8, 11)


class DownloadError(Exception):
    """An answer that a download cannot go on with; `code` is field 39 or our own word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class DownloadState:
    """A download under way.

    Attributes:
        what: what is downloaded.
        step: what is asked next.
        entries: what the list names, each as TLV bytes.
        parts: what was loaded, by entry; the one part of parameters and blacklist is under b"".
        key_request: field 62 that asks for the master key, made by the key store.
        key_answer: field 62 of its answer: the wrapped key, not usable without the transport key.
    """

    what: Download
    step: Step
    entries: tuple[bytes, ...] = ()
    parts: dict[bytes, bytes] = field(default_factory=dict, repr=False, hash=False)
    key_request: bytes = field(default=b"", repr=False)
    key_answer: bytes = field(default=b"", repr=False)

    @property
    def entry(self) -> bytes | None:
        """The first entry that is not loaded; None when there is none."""
        return next((entry for entry in self.entries if entry not in self.parts), None)

    @property
    def done(self) -> int:
        """How many parts are loaded."""
        if self.what in _LISTS:
            return sum(entry in self.parts for entry in self.entries)
        return int(self.step in (Step.END, Step.DONE))

    @property
    def total(self) -> int | None:
        """How many parts there are; None while that is not known."""
        if self.what not in _LISTS:
            return 1
        return None if self.step is Step.LIST else len(self.entries)

    @property
    def transaction(self) -> Transaction:
        """The kind of message that is asked or was asked last."""
        plan = _PLANS[self.what]
        if self.step in (Step.LIST, Step.RSA_KEY) and plan.before is not None:
            return plan.before
        return plan.load

    @property
    def network_code(self) -> str:
        """60.3 of the present request and of its answer."""
        load = _PLANS[self.what].load
        return load.end_code if self.step is Step.END else self.transaction.network_code


def begin_download(what: Download, parts: dict[bytes, bytes] | None = None) -> DownloadState:
    """Begin a download; `parts` are what an interrupted one has loaded already."""
    return DownloadState(what=what, step=_PLANS[what].first, parts=dict(parts or {}))


def download_request(state: DownloadState, station: Station, batch: BatchNo) -> Message:
    """Build the next request. Spec: UnionPay terminal dialect, 3.11 to 3.13."""
    message = station.message(state.transaction, batch, _request_fields(state))
    if state.step is Step.END:
        codes = f"{message.text(60)[: _CODE.start]}{state.network_code}"
        message = type(message)(message.mti, {**message.fields, 60: codes})
    return message


def is_download_answer(state: DownloadState, answer: Message) -> bool:
    """Whether an answer is of the type and code of the present request.

    There is no trace number in these messages, so what an entry is called is compared later.

    Spec: UnionPay terminal dialect, 3.11.
    """
    codes = answer.fields.get(60)
    return (
        answer.mti == state.transaction.reply_mti
        and isinstance(codes, str)
        and codes[_CODE] == state.network_code
    )


def take_download_answer(state: DownloadState, answer: Message) -> DownloadState:
    """Take an answer and return what the download is now.

    Raises: DownloadError with the code when it cannot go on.
    Spec: UnionPay terminal dialect, 2.8.
    """
    code = answer.fields.get(39)
    if code != _OK:
        raise DownloadError(code if isinstance(code, str) and code else "no_code")
    if state.step is Step.END:
        return replace(state, step=Step.DONE)
    value = answer.fields.get(62)
    try:
        return _TAKERS[state.step](state, value if isinstance(value, bytes) else b"")
    except ProtocolError:
        pass
    # Outside the handler: the cause could quote what was downloaded.
    raise DownloadError("bad_answer")


def with_part(state: DownloadState, part: bytes) -> DownloadState:
    """Add what was loaded and say what comes next; the blacklist's part is its tokens."""
    state = replace(state, parts={**state.parts, state.entry or b"": part})
    return replace(state, step=Step.END if state.entry is None else Step.LOAD)


def _request_fields(state: DownloadState) -> dict[int, FieldValue]:
    if state.step is Step.LIST:
        return {62: b"1%02d" % len(state.entries)}
    if state.step is Step.END and state.key_answer:
        # The check value of the key that is confirmed: the host may have made another one since.
        check = _objects(DataObjects.parse(state.key_answer).elements)[CHECK_VALUE]
        return {62: build_tlv([TlvElement(CHECK_VALUE, check)])}
    if state.step is Step.END and state.what is Download.MASTER_KEY:
        check_value = _objects(parse_tlv(state.key_answer))[CHECK_VALUE]
        return {62: build_tlv([TlvElement(CHECK_VALUE, check_value)])}
    if state.step is not Step.LOAD:
        return {}
    if state.what is Download.MASTER_KEY:
        return {62: state.key_request}
    return {62: state.entry} if state.entry is not None else {}


def _take_list(state: DownloadState, value: bytes) -> DownloadState:
    found = FlaggedDataObjects.parse(value)
    if found.flag not in (_NOTHING, _COMPLETE, _MORE):
        raise DownloadError("refused")
    tags = _ENTRY_TAGS[state.what]
    entries = list(state.entries)
    if found.flag != _NOTHING:
        for group in found.entries():
            entry = build_tlv(TlvElement(e.tag, e.value) for e in group if e.tag in tags)
            if entry and entry not in entries:
                entries.append(entry)
    grown = len(entries) > len(state.entries)
    if len(entries) > _ENTRIES_MAX or (found.flag == _MORE and not grown):
        raise DownloadError("endless_list")
    state = replace(state, entries=tuple(entries))
    if found.flag == _MORE:
        return state
    return replace(state, step=Step.END if state.entry is None else Step.LOAD)


def _take_rsa_key(state: DownloadState, value: bytes) -> DownloadState:
    """Keep the RSA key as the one part, until the key store has made the request from it."""
    objects = _objects(DataObjects.parse(value).elements)
    if not {RID, INDEX, MODULUS, EXPONENT} <= set(objects):
        raise DownloadError("bad_answer")
    return replace(state, step=Step.LOAD, parts={b"": value})


def _take_load(state: DownloadState, value: bytes) -> DownloadState:
    if state.what is Download.MASTER_KEY:
        if not {WRAPPED_KEY, CHECK_VALUE} <= set(_objects(DataObjects.parse(value).elements)):
            raise DownloadError("bad_answer")
        return replace(state, step=Step.END, key_answer=value)
    if state.what is Download.PARAMETERS:
        MagneticParameters.parse(value)
        return with_part(state, value)
    if state.what is Download.BLACKLIST:
        # Card numbers are not kept: the caller turns them into tokens and adds those.
        return state
    return with_part(state, _checked_entry(state, value))


def _checked_entry(state: DownloadState, value: bytes) -> bytes:
    found = FlaggedDataObjects.parse(value)
    if found.flag != _COMPLETE:
        raise DownloadError("no_entry")
    objects = _objects(found.elements)
    for element in parse_tlv(state.entry or b""):
        if objects.get(element.tag) != element.value:
            raise DownloadError("other_entry")
    if state.what is Download.PUBLIC_KEYS and not _key_is_whole(objects):
        raise DownloadError("checksum")
    return value[1:]


def _key_is_whole(objects: dict[str, bytes]) -> bool:
    """Compare a public key with its SHA-1. Spec: UnionPay terminal dialect, 2.8 (DF03)."""
    content = b"".join(objects.get(tag, b"") for tag in (RID, INDEX, MODULUS, EXPONENT))
    digest = hashlib.sha1(content, usedforsecurity=False).digest()
    return objects.get(CHECKSUM) == digest


def _objects(elements: tuple[TlvElement, ...]) -> dict[str, bytes]:
    return {element.tag: element.value for element in elements}


_TAKERS: Final = {
    Step.LIST: _take_list,
    Step.RSA_KEY: _take_rsa_key,
    Step.LOAD: _take_load,
}
