"""The pictures of the demo shop's products, for browsers to keep."""

from __future__ import annotations

from fastapi import APIRouter, Response
from starlette.exceptions import HTTPException

from backend.demo.pictures import drawn

router = APIRouter(prefix="/demo/pictures")
_HEADERS = {"Cache-Control": "public, max-age=604800", "Content-Security-Policy": "default-src 'none'"}


@router.get("/{sku}.svg")
async def picture(sku: str) -> Response:
    """A picture as SVG. It asks no store."""
    found = drawn(sku)
    if found is None:
        raise HTTPException(404)
    return Response(found, media_type="image/svg+xml", headers=_HEADERS)
