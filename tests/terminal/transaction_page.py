"""Writes docs/terminal-transactions.md anew: `python -m tests.terminal.transaction_page`."""

import sys

from tests.terminal.rig import make_settings
from tongbao.terminal.core.transaction_page import transaction_page

if __name__ == "__main__":
    sys.stdout.write(transaction_page(make_settings()))
