"""Commands of ``python -m pytest_asc``, one file each; :mod:`pytest_asc.cli.main` dispatches."""
