"""Territories of the App Store, with their currencies and price levels.

The 175 territories are those of Apple's page "App Store pricing and availability start times by region" (documented),
in the order of their codes. The currencies follow the same page. The price levels are inferred, and constant.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Currency(NamedTuple):
    """Currency of a storefront."""

    level: float
    """Price in this currency of a product that costs one US dollar, tax included (inferred)."""
    step: float
    """Difference between two adjacent price points."""


CURRENCIES: Mapping[str, Currency] = {
    "AED": Currency(4, 0.01),
    "AUD": Currency(1.5, 0.01),
    "BRL": Currency(6, 0.01),
    "CAD": Currency(1.3, 0.01),
    "CHF": Currency(1, 0.01),
    "CLP": Currency(1000, 10),
    "CNY": Currency(7, 0.01),
    "COP": Currency(5000, 100),
    "CZK": Currency(25, 0.01),
    "DKK": Currency(8, 0.01),
    "EGP": Currency(50, 0.01),
    "EUR": Currency(1, 0.01),
    "GBP": Currency(1, 0.01),
    "HKD": Currency(8, 0.01),
    "HUF": Currency(400, 10),
    "IDR": Currency(16000, 1000),
    "ILS": Currency(4, 0.01),
    "INR": Currency(100, 1),
    "JPY": Currency(150, 10),
    "KRW": Currency(1500, 100),
    "KZT": Currency(500, 10),
    "MXN": Currency(20, 0.01),
    "MYR": Currency(5, 0.01),
    "NGN": Currency(1600, 100),
    "NOK": Currency(12, 0.01),
    "NZD": Currency(1.7, 0.01),
    "PEN": Currency(4, 0.01),
    "PHP": Currency(60, 1),
    "PKR": Currency(300, 10),
    "PLN": Currency(5, 0.01),
    "QAR": Currency(4, 0.01),
    "RON": Currency(5, 0.01),
    "RUB": Currency(100, 1),
    "SAR": Currency(4, 0.01),
    "SEK": Currency(12, 0.01),
    "SGD": Currency(1.4, 0.01),
    "THB": Currency(35, 1),
    "TRY": Currency(40, 0.01),
    "TWD": Currency(30, 1),
    "TZS": Currency(2500, 100),
    "USD": Currency(1, 0.01),
    "VND": Currency(25000, 1000),
    "ZAR": Currency(20, 0.01),
}

_IN_DOLLARS = (
    "AFG AGO AIA ALB ARG ARM ATG AZE BEN BFA BHR BHS BLR BLZ BMU BOL BRB BRN BTN BWA CIV CMR COD COG CPV CRI CYM "
    "DMA DOM DZA ECU FJI FSM GAB GEO GHA GMB GNB GRD GTM GUY HND IRQ ISL JAM JOR KEN KGZ KHM KNA KWT LAO LBN LBR "
    "LBY LCA LKA MAC MAR MDA MDG MDV MKD MLI MMR MNG MOZ MRT MSR MUS MWI NAM NER NIC NPL NRU OMN PAN PLW PNG PRY "
    "RWA SEN SLB SLE SLV STP SUR SWZ SYC TCA TCD TJK TKM TON TTO TUN UGA UKR URY USA UZB VCT VEN VGB VUT YEM ZMB "
    "ZWE"
)
_IN_EUROS = "AUT BEL BGR BIH CYP DEU ESP EST FIN FRA GRC HRV IRL ITA LTU LUX LVA MLT MNE NLD PRT SRB SVK SVN XKS"
_IN_OWN_CURRENCY = (
    "ARE:AED AUS:AUD BRA:BRL CAN:CAD CHE:CHF CHL:CLP CHN:CNY COL:COP CZE:CZK DNK:DKK EGY:EGP GBR:GBP HKG:HKD HUN:HUF "
    "IDN:IDR ISR:ILS IND:INR JPN:JPY KOR:KRW KAZ:KZT MEX:MXN MYS:MYR NGA:NGN NOR:NOK NZL:NZD PER:PEN PHL:PHP PAK:PKR "
    "POL:PLN QAT:QAR ROU:RON RUS:RUB SAU:SAR SWE:SEK SGP:SGD THA:THB TUR:TRY TWN:TWD TZA:TZS VNM:VND ZAF:ZAR"
)
_CURRENCY_OF = {
    **dict.fromkeys(_IN_DOLLARS.split(), "USD"),
    **dict.fromkeys(_IN_EUROS.split(), "EUR"),
    **dict(pair.split(":") for pair in _IN_OWN_CURRENCY.split()),
}
TERRITORIES: Mapping[str, str] = {code: _CURRENCY_OF[code] for code in sorted(_CURRENCY_OF)}
"""ISO 4217 code of the currency by the code of the territory (ISO 3166-1 alpha-3, and XKS for Kosovo)."""
