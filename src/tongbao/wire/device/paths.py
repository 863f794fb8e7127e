"""Where each message goes, and which of them need the terminal's certificate.

Spec: our own, docs/device-protocol.md.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "/device/v1"

HELLO: Final = f"{PREFIX}/hello"
ACTIVATION: Final = f"{PREFIX}/activation"

WANTED: Final = f"{PREFIX}/wanted"
REPORT: Final = f"{PREFIX}/report"
HEARTBEAT: Final = f"{PREFIX}/heartbeat"
ACTS: Final = f"{PREFIX}/acts"
PROGRESS: Final = f"{PREFIX}/progress"
SELF_TEST: Final = f"{PREFIX}/self-test"
OPERATORS: Final = f"{PREFIX}/operators"
RENEWAL: Final = f"{PREFIX}/certificate"

SIGNED: Final = frozenset({HELLO, ACTIVATION})
"""Asked for before there is a certificate: signed with the device key instead."""


def act_path(act_id: str) -> str:
    """Return where the outcome of one remote act goes."""
    return f"{ACTS}/{act_id}"


def wanted_path(since: int) -> str:
    """Return where to ask for settings newer than version `since`; 0 asks for any."""
    return f"{WANTED}?since={since}"
