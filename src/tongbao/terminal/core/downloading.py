"""Downloads: parameters, public keys, chip parameters, blacklist and the master key.

A download is pending from its start until the host has answered its end; what it replaces counts
until then. It may be interrupted anywhere, by a power cut or by a payment, and loads what is
missing when it goes on.

Spec: UnionPay terminal dialect, 2.8 and 3.11 to 3.13.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.errors import CryptoError
from tongbao.crypto.key_store import KeyName
from tongbao.domain.errors import ProtocolError
from tongbao.domain.secrets import Pan, Purpose
from tongbao.terminal.core import wording
from tongbao.terminal.core.download_steps import (
    Download,
    DownloadError,
    DownloadState,
    Step,
    begin_download,
    download_request,
    is_download_answer,
    take_download_answer,
    with_part,
)
from tongbao.terminal.core.loaded import Loading
from tongbao.terminal.core.master_key_steps import NEXT_TMK, prepare_master_key
from tongbao.terminal.core.messages import TMK
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.core.service_records import DownloadDone, DownloadPart, DownloadStarted
from tongbao.terminal.core.state import ExchangeKind, Notice
from tongbao.terminal.core.vocabulary import Cue, Phase, TimerKind
from tongbao.wire.unionpay.structured import Blacklist

if TYPE_CHECKING:
    from tongbao.terminal.core.events import Cancel, Dismiss, StartDownload
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.turn import Equipment, Turn

TOKEN_KEY: Final = KeyName("blacklist")
# Why a download stops without the host's word for it.
_OWN_WORDS: Final = frozenset(
    {
        *("bad_answer", "endless_list", "other_entry", "no_entry", "checksum", "refused"),
        "no_code",
    }
)


def start_download(equipment: Equipment, turn: Turn, event: StartDownload) -> None:
    """Begin a download by an operator's wish, shown until it ends."""
    if turn.state.doubt is not None:
        turn.refuse(wording.DOUBT_OPEN)
        return
    turn.go(Phase.LOADING, result=None, found=None)
    begin_loading(equipment, turn, event.what)


def begin_loading(equipment: Equipment, turn: Turn, what: Download) -> None:
    """Begin a download, or go on with a pending one."""
    loaded = turn.state.loaded
    if what not in loaded.pending:
        turn.persist(DownloadStarted(what=what.value))
        loaded = loaded.started(what)
    download = begin_download(what, loaded.pending[what])
    turn.change(loaded=loaded, loading=Loading(download=download))
    _ask(equipment, turn)


def belongs_to_download(equipment: Equipment, turn: Turn, answer: Answer) -> bool:
    """Whether an answer is the one to the present request of the download."""
    loading = turn.state.loading
    return (
        loading is not None
        and equipment.messages.is_ours(answer)
        and is_download_answer(loading.download, answer.message)
    )


def take_loading_answer(equipment: Equipment, turn: Turn, answer: Answer) -> None:
    """Keep what was loaded and ask for what is next."""
    before = _download(turn)
    turn.stop_timer(TimerKind.HOST)
    turn.change(exchange=None)
    try:
        after = take_download_answer(before, answer.message)
        after = _prepared(equipment, before, after, answer)
    except DownloadError as error:
        _stop(equipment, turn, _words(error.code))
        return
    except (CryptoError, ProtocolError):
        _stop(equipment, turn, wording.LOADED_BAD)
        return
    _keep_parts(turn, before, after)
    turn.change(loading=Loading(download=after))
    if after.step is Step.DONE:
        _done(equipment, turn, after)
    else:
        _ask(equipment, turn)


def loading_silent(equipment: Equipment, turn: Turn, notice: Notice) -> None:
    """Nobody answered: the download stays pending."""
    turn.stop_timer(TimerKind.HOST)
    turn.change(exchange=None)
    _stop(equipment, turn, notice)


def cancel_loading(_equipment: Equipment, turn: Turn, _event: Cancel) -> None:
    """Leave a download; it stays pending."""
    turn.stop_timer(TimerKind.HOST)
    turn.go(Phase.IDLE, exchange=None, loading=None)


def dismiss_loading(_equipment: Equipment, turn: Turn, _event: Dismiss) -> None:
    """Leave a download that has stopped."""
    loading = turn.state.loading
    if loading is not None and loading.error is None:
        turn.refuse(wording.KEEP_WAITING)
        return
    turn.go(Phase.IDLE, loading=None)


def is_blacklisted(equipment: Equipment, turn: Turn, pan: Pan) -> bool:
    """Whether the acquirer wants this card refused."""
    tokens = turn.state.loaded.blacklist
    return bool(tokens) and equipment.keys.token(TOKEN_KEY, pan) in tokens


def _ask(equipment: Equipment, turn: Turn) -> None:
    download = _download(turn)
    message = download_request(download, equipment.messages.station, turn.state.batch)
    turn.send(ExchangeKind.DOWNLOAD, None, equipment.messages.plain(message), download.what.value)
    turn.start_timer(TimerKind.HOST, equipment.settings.host_timeout_ms)


def _prepared(
    equipment: Equipment, before: DownloadState, after: DownloadState, answer: Answer
) -> DownloadState:
    """Do with keys what an answer asks for; nothing in force changes before the end message."""
    if before.what is Download.BLACKLIST and before.step is Step.LOAD:
        return with_part(after, _token_list(equipment, answer.data(62)))
    if before.what is not Download.MASTER_KEY:
        return after
    return prepare_master_key(
        equipment.keys,
        equipment.random_bytes,
        uses_sm4=equipment.settings.profile.uses_sm4,
        before=before.step,
        after=after,
    )


def _keep_parts(turn: Turn, before: DownloadState, after: DownloadState) -> None:
    if after.what is Download.MASTER_KEY:
        return
    for entry, part in after.parts.items():
        if before.parts.get(entry) != part:
            record = DownloadPart(
                what=after.what.value, entry=entry.hex().upper(), part=part.hex().upper()
            )
            turn.persist(record)
            turn.change(loaded=turn.state.loaded.with_part(after.what, entry, part))


def _done(equipment: Equipment, turn: Turn, download: DownloadState) -> None:
    if download.what is Download.MASTER_KEY:
        equipment.keys.rename(NEXT_TMK, TMK)
        equipment.messages.forget_working_keys()
        turn.change(signed_in=False)
    turn.persist(DownloadDone(what=download.what.value))
    loaded = turn.state.loaded.done(download.what, turn.host_now)
    turn.change(loaded=loaded, loading=None)
    if turn.state.phase is Phase.LOADING:
        turn.go(Phase.IDLE)


def _stop(equipment: Equipment, turn: Turn, notice: Notice) -> None:
    loading = turn.state.loading
    assert loading is not None  # noqa: S101 - callers are about the download under way
    if turn.state.phase is Phase.LOADING:
        turn.change(loading=replace(loading, error=notice))
        turn.sound(Cue.ERROR)
    else:
        # Pending it stays, and is tried again after a long pause.
        turn.change(loading=replace(loading, error=notice), work_paused=True)
        turn.start_timer(TimerKind.WORK, equipment.settings.slow_retry_ms)


def _words(code: str) -> Notice:
    if code in _OWN_WORDS:
        return Notice(code, wording.LOADED_BAD.zh, wording.LOADED_BAD.en)
    return response_words(code)[0]


def _token_list(equipment: Equipment, value: bytes) -> bytes:
    """Return the tokens of a blacklist, one after the other; the numbers end here."""
    if not equipment.keys.has(TOKEN_KEY):
        equipment.keys.make_key(TOKEN_KEY, KeyAlgorithm.HMAC, equipment.random_bytes)
    cards = Blacklist.parse(value).cards
    try:
        pans = [Pan(card.reveal(Purpose.TOKEN)) for card in cards]
    except ValueError:
        raise DownloadError("bad_answer") from None
    return b"".join(equipment.keys.token(TOKEN_KEY, pan) for pan in pans)


def _download(turn: Turn) -> DownloadState:
    loading = turn.state.loading
    assert loading is not None  # noqa: S101 - callers are about the download under way
    return loading.download
