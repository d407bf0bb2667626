"""The HTTP API that the server mounts at /api."""

from __future__ import annotations

from backend.api.app import create_app

__all__ = ["create_app"]
