"""The ways in which a request reaches the emulator: thin, and the only rooms that know an HTTP library."""
