"""Team members, their roles, and what each role may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.errors import ConfirmationNeededError, PermissionDeniedError


class Role(StrEnum):
    """What somebody is in the shop's team."""

    MANAGER = "manager"
    STAFF = "staff"
    ENGINEER = "engineer"
    ADMIN = "admin"


class Permission(StrEnum):
    """One action that can be allowed. Pages check them before they show something, services before they act."""

    VIEW_OVERVIEW = "view the overview"
    VIEW_CUSTOMERS = "view customers"
    EDIT_CUSTOMERS = "edit customers"
    ERASE_CUSTOMERS = "erase customers"
    VIEW_ORDERS = "view orders"
    PLACE_ORDERS = "place orders"
    CHANGE_ORDERS = "change orders"
    REFUND_ORDERS = "refund orders"
    EDIT_PRODUCTS = "change products"
    IMPORT_DATA = "import data"
    EXPORT_DATA = "export data"
    VIEW_EMAIL = "view emails"
    SEND_EMAIL = "send emails"
    EDIT_TEMPLATES = "edit templates"
    MANAGE_SUPPRESSION = "change the suppression list"
    EDIT_SHOP = "change the shop's settings"
    EDIT_SEGMENTS = "change segments"
    PLAN_CAMPAIGNS = "plan and run campaigns"
    APPROVE_CAMPAIGNS = "approve campaigns"
    EDIT_AUTOMATIONS = "change automations"
    VIEW_SYSTEM = "view the system's state"
    MANAGE_CONNECTIONS = "manage connections to shops and webhooks"
    REPAIR_MAIL = "repair what is stuck"
    REPAIR_RECORDS = "look at and repair records that cannot be read"
    EDIT_ALERTS = "change alerts"
    VIEW_AUDIT = "view the audit log"
    MANAGE_TEAM = "manage the team"
    MANAGE_API_KEYS = "manage API keys"


_VIEW = frozenset({Permission.VIEW_OVERVIEW, Permission.VIEW_CUSTOMERS, Permission.VIEW_ORDERS, Permission.VIEW_EMAIL})
_SELL = frozenset(
    {
        Permission.EDIT_CUSTOMERS,
        Permission.PLACE_ORDERS,
        Permission.CHANGE_ORDERS,
        Permission.REFUND_ORDERS,
        Permission.EDIT_PRODUCTS,
    }
)
_STEER = frozenset(
    {
        Permission.EDIT_CUSTOMERS,
        Permission.ERASE_CUSTOMERS,
        Permission.REFUND_ORDERS,
        Permission.EDIT_PRODUCTS,
        Permission.EDIT_TEMPLATES,
        Permission.EDIT_SHOP,
        Permission.EDIT_SEGMENTS,
        Permission.PLAN_CAMPAIGNS,
        Permission.APPROVE_CAMPAIGNS,
        Permission.EDIT_AUTOMATIONS,
        Permission.VIEW_AUDIT,
    }
)
_WRITE = frozenset(
    {
        Permission.SEND_EMAIL,
        Permission.EDIT_TEMPLATES,
        Permission.EDIT_SEGMENTS,
        Permission.PLAN_CAMPAIGNS,
        Permission.REPAIR_MAIL,
    }
)
_KEEP_RUNNING = frozenset(
    {
        Permission.VIEW_SYSTEM,
        Permission.MANAGE_SUPPRESSION,
        Permission.REPAIR_MAIL,
        Permission.EDIT_ALERTS,
        Permission.VIEW_AUDIT,
        Permission.MANAGE_API_KEYS,
        Permission.MANAGE_CONNECTIONS,
    }
)
_DATA = frozenset({Permission.IMPORT_DATA, Permission.EXPORT_DATA})

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.MANAGER: _VIEW | _DATA | _STEER,
    Role.STAFF: _VIEW | _SELL | _WRITE | {Permission.IMPORT_DATA, Permission.MANAGE_SUPPRESSION},
    Role.ENGINEER: _VIEW | _DATA | _KEEP_RUNNING,
    Role.ADMIN: frozenset(Permission),
}


SENSITIVE = frozenset({Permission.EXPORT_DATA, Permission.MANAGE_TEAM, Permission.MANAGE_API_KEYS})
"""What a member with a second factor does only after having shown it a short while ago."""
CONFIRMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is doing something: a team member, a command, or a program, which has `permissions` of its own.

    `program` is what such an actor shows: an API key, or an access token.
    `confirmed` is False for a member at a page who has a second factor and has not shown it within `CONFIRMED_FOR`.
    """

    username: str
    role: Role
    name: str = ""
    permissions: frozenset[Permission] | None = None
    confirmed: bool = True
    program: str = "API key"

    def may(self, permission: Permission) -> bool:
        return permission in (PERMISSIONS[self.role] if self.permissions is None else self.permissions)

    @property
    def acts_as(self) -> str:
        """The role, or what takes its place in the audit log."""
        return self.role.value if self.permissions is None else self.program

    def require(self, permission: Permission) -> None:
        """Raises: `PermissionDeniedError` when the role does not allow it, `ConfirmationNeededError`."""
        if not self.may(permission) and self.permissions is not None:
            raise PermissionDeniedError(f"This {self.program} may not {permission}. Its scopes say what it may do.")
        if not self.may(permission):
            raise PermissionDeniedError(f"Your role ({self.role}) may not {permission}. Ask an admin if you need to.")
        if permission in SENSITIVE:
            self.require_confirmation()

    def require_confirmation(self) -> None:
        """Raises: `ConfirmationNeededError` for who has to show the second factor again."""
        if not self.confirmed:
            raise ConfirmationNeededError("Confirm with your second factor first: reload the page, and enter a code.")


COMMAND_LINE = Actor("command-line", Role.ADMIN, "Command line")
AUTOMATION = Actor("automation", Role.STAFF, "Automation")
"""The actor of emails that automations send."""
THE_ALERTS = Actor("alerts", Role.ADMIN, "Alerts")
"""The actor of the emails that notify the team of alerts."""
THE_ACCOUNTS = Actor("accounts", Role.ADMIN, "Account notices")
"""The actor of the emails that members get about their own accounts."""
THE_CUSTOMER = Actor("customer", Role.STAFF, "The customer")
"""Who answers about their own marketing mail, through a link that only they have."""
SHOPIFY = Actor("shopify", Role.STAFF, "Shopify")
WOOCOMMERCE = Actor("woocommerce", Role.STAFF, "WooCommerce")
"""The actors of what connected shops report."""

NOT_MEMBERS = (COMMAND_LINE, AUTOMATION, THE_ALERTS, THE_ACCOUNTS, THE_CUSTOMER, SHOPIFY, WOOCOMMERCE)


@dataclass(frozen=True, slots=True)
class Member:
    """A team member. Sessions that began before `sessions_valid_from` are over.

    `password_hash` is a bcrypt hash, or "" for members who sign in with OpenID Connect only. `oidc_subject` is the
    provider's own name for the person (claim `sub`), kept at the first sign-in with the present address.
    `second_factor` is the sealed secret of the member's authenticator, or ""; `second_factor_step` is the number of the
    30 seconds whose code was used last. `recovery_codes` are hashes of those that were not used yet. `link_hash` is
    that of the one link with which the member may set a password until `link_ends`.
    """

    username: str
    name: str
    email: str
    role: Role
    created_at: datetime
    sessions_valid_from: datetime
    password_hash: str = ""
    disabled: bool = False
    demo: bool = False
    version: int = 1
    oidc_subject: str = ""
    second_factor: str = ""
    second_factor_step: int = 0
    recovery_codes: tuple[str, ...] = ()
    link_hash: str = ""
    link_ends: datetime | None = None

    @property
    def has_second_factor(self) -> bool:
        return bool(self.second_factor)

    @property
    def actor(self) -> Actor:
        return Actor(self.username, self.role, self.name)
