"""Recordings of an account, and their comparison with the emulator. The live side sends GET alone, to one host."""
