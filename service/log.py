"""The log: one JSON object a line on standard error.

A traceback is text and never shows the values of variables: they may be personal or secret.
"""

import sys

import structlog


def configure_log() -> None:
    """Set the log up for this process; called by the composition roots."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
