"""Data of an emulated account."""
