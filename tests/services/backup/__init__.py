"""Backups, restores and moves between stores."""
