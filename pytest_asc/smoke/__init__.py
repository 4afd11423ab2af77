"""``pytest --asc-smoke``: the checks as pytest items, and the faces of their report."""
