"""`python -m tongbao` is the same as the `tongbao` command."""

import sys

from tongbao.app.cli import main

sys.exit(main())
