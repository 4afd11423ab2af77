"""``pytest --asc-smoke``: the checks as pytest items, and the report on them."""
