"""What every service needs: the store, the clock, and the facts of the shop."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from backend.domain.time import Clock
from backend.store.port import Store


@dataclass(frozen=True, slots=True)
class Shop:
    """The shop that a service works on. `data_dir` holds uploads and reports, `templates_dir` the emails as shipped."""

    store: Store
    clock: Clock
    zone: ZoneInfo
    currency: str
    name: str = "My shop"
    locale: str = "en_US"
    data_dir: Path = Path("var")
    templates_dir: Path = Path(__file__).parents[2] / "email_templates"
