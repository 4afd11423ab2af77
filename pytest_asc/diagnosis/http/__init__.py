"""Diagnosis of requests, responses and exceptions."""
