"""What ``python -m pytest_asc`` does with a server: ``serve`` and ``run``."""
