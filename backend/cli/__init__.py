"""The command line, one module per group of commands.

Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import typer

from backend.bootstrap import keep_files_private
from backend.cli import (
    automations,
    backups,
    campaigns,
    changes,
    connections,
    customers,
    deliverability,
    doctor,
    events,
    exporting,
    importing,
    keys,
    mail,
    maintenance,
    migrating,
    reports,
    segments,
    shop,
    suppression,
    switching,
    system,
    unreadable,
    upkeep,
    users,
    webhooks,
)

app = typer.Typer(
    name="python -m backend",
    help="Tillpost from the command line. Settings come from the environment or .env; .env.example explains each.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(importing.app, name="import")
app.add_typer(exporting.app, name="export")
app.add_typer(customers.app, name="customers")
app.add_typer(users.app, name="user")
app.add_typer(keys.app, name="keys")
app.add_typer(connections.app, name="connections")
app.add_typer(webhooks.app, name="webhooks")
app.add_typer(suppression.app, name="suppression")
app.add_typer(events.app, name="events")
app.add_typer(automations.app, name="automation")
app.add_typer(segments.app, name="segment")
app.add_typer(campaigns.app, name="campaign")
app.add_typer(changes.app, name="changes")
app.add_typer(unreadable.app, name="unreadable")
app.add_typer(backups.app, name="backup")
app.add_typer(maintenance.app, name="maintenance")
app.add_typer(migrating.app, name="migrate")
app.add_typer(switching.app, name="switches")
shop.add_to(app)
reports.add_to(app)
upkeep.add_to(app)

mail.add_to(app)
deliverability.add_to(app)
doctor.add_to(app)
system.add_to(app)


def main() -> None:
    """Runs the command that the process was started with. Exit codes: 0 done, 1 refused or failed, 2 wrong usage."""
    keep_files_private()
    app()
