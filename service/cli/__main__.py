"""Where the `edgewise` command begins: it imports the rest."""

import sys

from service.imports import imported


def main() -> int:
    """Run the command; the exit status."""
    status: int = imported("service.cli.main").main()
    return status


if __name__ == "__main__":
    sys.exit(main())
