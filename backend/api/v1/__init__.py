"""The HTTP API for other programs: `/api/v1`, over the same services as the dashboard."""

from backend.api.v1.app import ApiSettings, create_v1, no_route
from backend.api.v1.reference import reference

__all__ = ["ApiSettings", "create_v1", "no_route", "reference"]
