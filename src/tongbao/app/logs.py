"""Where log lines go: one JSON object a line on standard error, never on standard output.

Standard output belongs to a part's ready line; whoever started it stops reading after that.
"""

from __future__ import annotations

import logging
import sys

import structlog


def log_to_stderr(*, debug: bool = False) -> None:
    """Set up structlog for this process; `debug` lets the lowest level through."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if debug else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
