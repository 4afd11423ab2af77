"""The compiled form of Apple's OpenAPI document."""
