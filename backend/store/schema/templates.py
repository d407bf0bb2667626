"""Keys of templates, their versions, and what was sent with them."""

from __future__ import annotations

from backend.store.port import Key
from backend.store.schema.tables import MAIL, SHOP


def template_key(name: str) -> Key:
    """The state of a template that has been edited."""
    return Key(SHOP, "TEMPLATES", name)


TEMPLATE_VERSIONS = "V#"


def template_partition(name: str) -> str:
    """The versions and the working copy of a template."""
    return f"TPL#{name}"


def template_version_key(name: str, number: int) -> Key:
    return Key(SHOP, template_partition(name), f"{TEMPLATE_VERSIONS}{number:06}")


def working_copy_key(name: str) -> Key:
    return Key(SHOP, template_partition(name), "W")


def edition_key(digest: str) -> Key:
    """A layout and a version of a template that belong to messages which were sent."""
    return Key(SHOP, f"EDITION#{digest}", "E")


def facts_key(digest: str) -> Key:
    return Key(MAIL, f"FACTS#{digest}", "F")
