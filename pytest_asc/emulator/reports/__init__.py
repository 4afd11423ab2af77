"""Answers that are no documents of resources: reports, metrics, logs, tables, codes.

``answers.py`` says which operation each of them answers. They come from what the account holds, from its ledger of
sales and measurements, and from the clock.
"""
