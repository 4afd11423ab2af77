"""Diagnosis of tokens."""
