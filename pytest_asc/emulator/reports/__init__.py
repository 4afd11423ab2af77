"""Responses that are not made from resources alone: sales reports, metrics, diagnostic logs, CSV tables, offer codes.

``registry.py`` names the handler of each operation. Reports are made from the account's resources, from its ledger of
sales and measurements, and from the service's time.
"""
