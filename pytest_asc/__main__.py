"""``python -m pytest_asc``."""

import sys

from pytest_asc.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
