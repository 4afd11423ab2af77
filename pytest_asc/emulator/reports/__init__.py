"""Responses other than resources: sales reports, metrics, diagnostic logs, CSV tables and the values of offer codes.

``registry.py`` names the handler of each operation. Reports are made from the account's resources, from its ledger of
sales and measurements, and from the service's time.
"""
