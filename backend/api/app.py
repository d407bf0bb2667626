"""The HTTP API. For now it tells whoever runs the server whether it lives and whether it can work."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from loguru import logger

from backend.errors import BackendError
from backend.services.context import Shop
from backend.store import schema


def create_app(shop: Callable[[], Shop]) -> FastAPI:
    """The API of a shop that is opened when it is first asked for."""
    app = FastAPI(title="Tillpost", docs_url=None, redoc_url=None, openapi_url=None)

    @app.get("/health")
    def health() -> dict[str, str]:
        """The process answers. Asks nobody else, so that a slow store does not get the server restarted."""
        return {"status": "ok"}

    @app.get("/ready")
    def ready() -> JSONResponse:
        """The store answers too (503 if not): send people here."""
        try:
            shop().store.get(schema.meta_key("team"))
        except BackendError as error:
            logger.warning("Not ready: {}", error.sentence)
            return JSONResponse({"status": "the store does not answer"}, status_code=503)
        return JSONResponse({"status": "ok"})

    return app
