"""Fetches a master key from the host for a terminal, also for one that has none yet.

The same steps, messages and checks as the download of a terminal that works
(`tongbao.terminal.core.download_steps`), on a connection of its own. The key counts when the host
has answered the end message; until then the one before, if any, stays.

Spec: UnionPay terminal dialect, 3.13.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
from typing import TYPE_CHECKING, Final

from tongbao.crypto.errors import CryptoError
from tongbao.domain.errors import ProtocolError
from tongbao.domain.ids import BatchNo
from tongbao.terminal.activation import wording
from tongbao.terminal.core.download_steps import (
    Download,
    DownloadError,
    Step,
    begin_download,
    download_request,
    is_download_answer,
    take_download_answer,
)
from tongbao.terminal.core.master_key_steps import NEXT_TMK, prepare_master_key
from tongbao.terminal.core.messages import TMK, HostMessages
from tongbao.terminal.core.responses import response_words
from tongbao.terminal.link import make_tls
from tongbao.wire.framing import FrameSplitter

if TYPE_CHECKING:
    from tongbao.crypto.key_store import KeyStore
    from tongbao.terminal.core.messages import Answer
    from tongbao.terminal.core.state import Notice
    from tongbao.terminal.settings import TerminalSettings

_BATCH: Final = BatchNo(1)
_READ_BYTES: Final = 65_536


class KeyFetchError(Exception):
    """No key was fetched; `notice` says why and what to do. The keys in force are as before."""

    def __init__(self, notice: Notice) -> None:
        super().__init__(notice.code)
        self.notice = notice


async def fetch_master_key(settings: TerminalSettings, keys: KeyStore) -> bytes:
    """Fetch, check, keep and confirm a master key; return its 4-byte check value.

    Raises: KeyFetchError; KeyStoreError when the key cannot be kept.
    """
    limit_s = settings.connect_timeout_ms / 1000
    try:
        async with asyncio.timeout(limit_s):
            reader, writer = await asyncio.open_connection(
                settings.host_address,
                settings.host_port,
                ssl=make_tls(settings),
                server_hostname=settings.host_name if settings.host_tls else None,
            )
    except (OSError, ValueError) as error:
        raise KeyFetchError(_connection_words(error)) from None
    try:
        async with asyncio.timeout(settings.host_timeout_ms / 1000):
            return await _Talk(settings, keys, reader, writer).fetch()
    except (OSError, EOFError) as error:
        raise KeyFetchError(_connection_words(error)) from None
    except DownloadError as error:
        raise KeyFetchError(_refusal_words(error.code)) from None
    except (CryptoError, ProtocolError):
        raise KeyFetchError(wording.KEY_REFUSED) from None
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


class _Talk:
    """One connection on which one key is fetched."""

    def __init__(
        self,
        settings: TerminalSettings,
        keys: KeyStore,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        self._settings = settings
        self._keys = keys
        self._messages = HostMessages(settings, keys)
        self._reader = reader
        self._writer = writer
        self._splitter = FrameSplitter()

    async def fetch(self) -> bytes:
        """Go through the steps."""
        state = begin_download(Download.MASTER_KEY)
        while state.step is not Step.DONE:
            request = download_request(state, self._messages.station, _BATCH)
            self._writer.write(self._messages.plain(request))
            before = state.step
            while True:
                answer = await self._answer()
                if self._messages.is_ours(answer) and is_download_answer(state, answer.message):
                    break
            state = take_download_answer(state, answer.message)
            state = prepare_master_key(
                self._keys,
                os.urandom,
                uses_sm4=self._settings.profile.uses_sm4,
                before=before,
                after=state,
            )
        self._keys.rename(NEXT_TMK, TMK)
        return self._keys.kcv(TMK)

    async def _answer(self) -> Answer:
        while True:
            data = await self._reader.read(_READ_BYTES)
            if not data:
                raise EOFError
            for frame in self._splitter.feed(data):
                answer = self._messages.read(frame)
                if answer is not None:
                    return answer


def _connection_words(error: Exception) -> Notice:
    """Say why the host was not reached; TLS 1.3 refuses our certificate at the first read."""
    reason = getattr(error, "reason", None) or ""
    verifies = isinstance(error, ssl.SSLCertVerificationError)
    if isinstance(error, ssl.SSLError) and not verifies and "CERTIFICATE" in reason:
        return wording.HOST_REFUSES
    return wording.HOST_UNREACHABLE


def _refusal_words(code: str) -> Notice:
    if code == "58":
        return wording.NO_KEYS
    if len(code) == 2:
        return response_words(code)[0]
    return wording.KEY_REFUSED
