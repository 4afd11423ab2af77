"""Diagnosis of keys, tokens, requests and responses: pure functions from evidence to findings."""
