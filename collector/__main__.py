"""``python -m collector`` is the command ``collector``."""

import sys

from collector.cli import main

if __name__ == "__main__":
    sys.exit(main())
