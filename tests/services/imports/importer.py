"""A process that imports a file, for tests that kill it: says how far it is, a line each time."""

from __future__ import annotations

import sys
from pathlib import Path

from backend.domain.imports import ImportProgress
from backend.services.imports import batches, import_orders
from tests.support import STAFF, opened_shop


def tell(progress: ImportProgress) -> None:
    sys.stdout.write(f"{progress.counts.total}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    url, path, folder = sys.argv[1:]
    batches.SIZE = 150  # a small file then has several steps to be killed in
    with opened_shop(url, data_dir=Path(folder)) as shop:
        import_orders(shop, STAFF, Path(path), progress=tell)
