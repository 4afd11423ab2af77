"""Recording of live accounts, and comparison of Apple's API with the emulator, with GET requests to one host only."""
