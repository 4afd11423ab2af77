"""Locales of the texts in App Store Connect.

The 50 of Apple's help page "App Store localizations", with the eleven that were added in 2026 (fastlane #29959).
"""

LOCALES = frozenset(
    (
        *("ar-SA", "bn-BD", "ca", "cs", "da", "de-DE", "el", "en-AU", "en-CA", "en-GB", "en-US", "es-ES", "es-MX"),
        *("fi", "fr-CA", "fr-FR", "gu-IN", "he", "hi", "hr", "hu", "id", "it", "ja", "kn-IN", "ko", "ml-IN", "mr-IN"),
        *("ms", "nl-NL", "no", "or-IN", "pa-IN", "pl", "pt-BR", "pt-PT", "ro", "ru", "sk", "sl-SI", "sv", "ta-IN"),
        *("te-IN", "th", "tr", "uk", "ur-PK", "vi", "zh-Hans", "zh-Hant"),
    )
)
