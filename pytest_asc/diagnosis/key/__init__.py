"""Diagnosis of private keys, key IDs and issuer IDs."""
