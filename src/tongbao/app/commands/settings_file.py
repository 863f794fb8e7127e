"""The settings file that a command was given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from tongbao.app.settings import Settings


def settings_in(arguments: argparse.Namespace) -> Settings | None:
    """Read the file named by --config; None, with the reason on standard error, when unusable."""
    from tongbao.app.settings import SettingsError, read_settings

    try:
        return read_settings(arguments.config)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return None
