"""The data of an emulated account."""
