"""Commands of ``python -m pytest_asc``, one module for each; :mod:`pytest_asc.cli.main` runs them."""
