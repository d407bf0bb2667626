"""Pytest plugins of our own, loaded by pyproject.toml."""
