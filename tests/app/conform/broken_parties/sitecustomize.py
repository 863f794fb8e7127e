"""Gives a process the bug that `TONGBAO_BROKEN` names, when this folder is on its PYTHONPATH.

Python imports `sitecustomize` by itself at its start.
"""

from __future__ import annotations

import os

_FAULT = os.environ.get("TONGBAO_BROKEN", "")
if _FAULT:
    from tests.app.conform.faults import FAULTS

    FAULTS[_FAULT].plant()
