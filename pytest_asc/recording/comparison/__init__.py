"""Comparison of a live account with the emulator that is loaded with its recording."""
