"""What the key store does at each step of fetching a master key; nothing in force changes here.

Spec: UnionPay terminal dialect, 3.13.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from tongbao.crypto.ciphers import KeyAlgorithm
from tongbao.crypto.key_store import KeyName
from tongbao.terminal.core.download_steps import (
    CHECK_VALUE,
    EXPONENT,
    INDEX,
    MODULUS,
    RID,
    WRAPPED_KEY,
    DownloadState,
    Step,
)
from tongbao.wire.tlv import TlvElement, build_tlv, parse_tlv

if TYPE_CHECKING:
    from collections.abc import Callable

    from tongbao.crypto.key_store import KeyStore

NEXT_TMK: Final = KeyName("tmk-next")
_TRANSPORT: Final = KeyName("transport")


def prepare_master_key(
    keys: KeyStore,
    random_bytes: Callable[[int], bytes],
    *,
    uses_sm4: bool,
    before: Step,
    after: DownloadState,
) -> DownloadState:
    """Make the transport key when the RSA key has come; keep the wrapped key as the next one.

    `before` is the step that was answered. Raises: CryptoError; ProtocolError.
    """
    if before is Step.RSA_KEY:
        objects = _objects(after.parts[b""])
        ciphertext, kcv = keys.make_transport_key(
            objects[MODULUS],
            objects[EXPONENT],
            _TRANSPORT,
            random_bytes,
            KeyAlgorithm.SM4 if uses_sm4 else KeyAlgorithm.TDES,
        )
        elements = [
            TlvElement(RID, objects[RID]),
            TlvElement(INDEX, objects[INDEX]),
            TlvElement(WRAPPED_KEY, ciphertext),
            TlvElement(CHECK_VALUE, kcv),
        ]
        return replace(after, key_request=build_tlv(elements), parts={})
    if before is Step.LOAD:
        objects = _objects(after.key_answer)
        keys.load_master_key(_TRANSPORT, objects[WRAPPED_KEY], objects[CHECK_VALUE], NEXT_TMK)
    return after


def _objects(value: bytes) -> dict[str, bytes]:
    return {element.tag: element.value for element in parse_tlv(value)}
