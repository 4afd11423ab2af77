"""Currency and report region of each country (documented: financial report regions)."""

from __future__ import annotations

# Countries with their own region, each with its currency.
_SINGLE_COUNTRY_REGIONS = {
    "AE": "AED", "AU": "AUD", "BR": "BRL", "CA": "CAD", "CH": "CHF", "CL": "CLP", "CN": "CNY", "CO": "COP",
    "CZ": "CZK", "DK": "DKK", "EG": "EGP", "GB": "GBP", "HK": "HKD", "HU": "HUF", "ID": "IDR", "IL": "ILS",
    "IN": "INR", "JP": "JPY", "KR": "KRW", "KZ": "KZT", "MX": "MXN", "MY": "MYR", "NG": "NGN", "NO": "NOK",
    "NZ": "NZD", "PE": "PEN", "PH": "PHP", "PK": "PKR", "PL": "PLN", "QA": "QAR", "RO": "RON", "RU": "RUB",
    "SA": "SAR", "SE": "SEK", "SG": "SGD", "TH": "THB", "TR": "TRY", "TW": "TWD", "TZ": "TZS", "US": "USD",
    "VN": "VND", "ZA": "ZAR",
}  # fmt: skip
_EURO = frozenset((
    "AT", "BA", "BE", "BG", "CY", "DE", "EE", "ES", "FI", "FR", "GR", "HR", "IE", "IT", "LT", "LU", "LV", "ME", "MT",
    "NL", "PT", "RS", "SI", "SK", "XK",
))  # fmt: skip
_LATIN_AMERICA = frozenset((
    "AR", "BO", "BS", "BZ", "CR", "DM", "DO", "EC", "GT", "GY", "HN", "JM", "NI", "PA", "PY", "SR", "SV", "UY", "VE",
))  # fmt: skip
_SHARED = {"EU": "EUR", "LL": "USD", "WW": "USD"}

ALL, ALL_DETAILED = "ZZ", "Z1"
"""Codes for all regions in one report: for FINANCIAL, and for FINANCE_DETAIL (documented)."""
REGIONS = frozenset({*_SINGLE_COUNTRY_REGIONS, *_SHARED, ALL, ALL_DETAILED})


def region_of(country: str) -> str:
    """Return the report region of a country, given by its ISO 3166 code of two letters."""
    if country in _SINGLE_COUNTRY_REGIONS:
        return country
    if country in _EURO:
        return "EU"
    return "LL" if country in _LATIN_AMERICA else "WW"


def currency_of(country: str) -> str:
    """Return the ISO 4217 code of the currency that customers in a country pay with."""
    region = region_of(country)
    return _SINGLE_COUNTRY_REGIONS.get(region) or _SHARED[region]
