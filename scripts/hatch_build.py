"""Builds the web pages before a wheel is packed, so that a wheel never lacks them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class WebBuildHook(BuildHookInterface[Any]):
    """Runs `scripts/build_web.py` for a wheel; an editable install serves the source tree."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the pages; a failure ends the packing."""
        del build_data
        if self.target_name == "wheel" and version != "editable":
            root = Path(self.root)
            subprocess.run(
                [sys.executable, str(root / "scripts" / "build_web.py")], check=True, cwd=root
            )
