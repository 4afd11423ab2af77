"""Diagnosis of private keys and their ids."""
