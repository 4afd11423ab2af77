"""Renderers of the smoke report."""
