"""Whether connected shops deliver, and what they deliver can be applied."""

from __future__ import annotations

from backend.domain.diagnosis import Diagnosis, Verdict
from backend.domain.team import COMMAND_LINE
from backend.services.connections.connections import list_connections
from backend.services.doctor.installation import Installation
from backend.services.outgoing.endpoints import host_of, list_endpoints


def connected(installation: Installation) -> list[Diagnosis]:
    """Each shop that is silent, refused or failing; one line when all is well."""
    found = list_connections(installation.shop, COMMAND_LINE)
    if not found:
        return [Diagnosis("Connections", Verdict.OK, "No shop is connected.")]
    fix = "Open the page Connections, correct what is named, and replay what failed."
    troubled = [
        Diagnosis("Connections", Verdict.WARN, f"{view.connection.domain}: {view.trouble}", fix)
        for view in found
        if view.trouble
    ]
    if troubled:
        return troubled
    return [Diagnosis("Connections", Verdict.OK, f"All connected shops deliver ({len(found)}).")]


def endpoints(installation: Installation) -> list[Diagnosis]:
    """Each endpoint of webhooks out that is off or failing; one line when all is well."""
    found = list_endpoints(installation.shop, COMMAND_LINE)
    fix = "Open the page Connections, tab Webhooks out, and replay what failed when the endpoint works again."
    troubled = [
        Diagnosis("Webhooks out", Verdict.WARN, f"{host_of(each)}: {each.off_reason or 'it fails.'}", fix)
        for each in found
        if each.off or each.failing_since
    ]
    return troubled or [Diagnosis("Webhooks out", Verdict.OK, f"Endpoints: {len(found)}.")]
