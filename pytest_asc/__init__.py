"""pytest-asc: tokens, a credential doctor and an emulator for Apple's App Store Connect API.

Importing this package costs nothing: pytest loads it in every run, so every room is imported where it is used.
"""

__version__ = "0.1.0"
