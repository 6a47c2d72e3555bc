"""The log on standard error: one JSON object a line, or a readable line where a person watches.

A traceback is text and never shows the values of variables: they may be personal or secret.
"""

import sys

import structlog

_FOR_PEOPLE = (structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback),)
_FOR_PROGRAMS = (structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False))


def configure_log() -> None:
    """Set the log up for this process; called by the composition roots."""
    watched = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *(_FOR_PEOPLE if watched else _FOR_PROGRAMS),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
