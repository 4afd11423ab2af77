"""Apple's OpenAPI document: its compiler, and the API description that the emulator reads from it."""
