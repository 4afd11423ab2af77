"""Emulator of the App Store Connect API: a function from a request to the response that Apple would send."""
