"""Backups that any engine can write and any engine can take back."""
