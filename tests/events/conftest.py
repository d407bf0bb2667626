"""`shop` is empty and lives in memory; `shared_shop` lives in a file, for tests with several threads."""

from tests.services.conftest import clock, shared_shop, shop

__all__ = ["clock", "shared_shop", "shop"]
