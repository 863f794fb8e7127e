"""How the host process ends; `docs/` repeats this table.

0 asked to stop; 3 something around it is missing or refused (port, key file, node number);
70 a bug of ours; 74 the store could not write or flush.
"""

from __future__ import annotations

from typing import Final

EXIT_ENVIRONMENT: Final = 3
EXIT_BUG: Final = 70
EXIT_STORE_FAILED: Final = 74
