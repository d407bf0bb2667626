"""Whether mail goes out and is reported on, workers run, somebody hears of trouble, and connections deliver."""

from __future__ import annotations

from backend.domain.health import OF_LEVEL, OF_STATE, Diagnosis, Verdict
from backend.domain.team import COMMAND_LINE
from backend.email.transports.protocol import AccountUnknownError
from backend.errors import InvalidInputError
from backend.services.connections.connections import list_connections
from backend.services.deliverability import domain
from backend.services.doctor.installation import Installation
from backend.services.events.health import event_health
from backend.services.outgoing.endpoints import host_of, list_endpoints
from backend.services.system import health

_NEARLY_USED = 0.8
_LOCAL = "Emails are kept on this machine (MAIL_TRANSPORT=local)"


def sending(installation: Installation) -> list[Diagnosis]:
    """What SES lets the account do, and whether staging keeps everybody but its list from getting any."""
    if installation.settings.staging and installation.sends:
        allowed = len(installation.settings.staging_allowed)
        found = f"Staging: emails go only to the {allowed} addresses and domains of STAGING_RECIPIENTS."
        return [Diagnosis("Sending", Verdict.OK, found, "Set STAGING=false where customers shall get emails.")]
    if not installation.sends:
        return [Diagnosis("Sending", Verdict.OK, f"{_LOCAL}; nobody gets any.", "Go live by docs/sending.md.")]
    try:
        account = installation.mailer.transport.account()
    except AccountUnknownError as error:
        fix = "See that AWS_REGION is right, and that the credentials may call ses:GetAccount."
        return [Diagnosis("Sending", Verdict.FAIL, error.sentence, fix)]
    if not account.sending_enabled:
        found = f"SES has switched off sending ({account.status})."
        return [Diagnosis("Sending", Verdict.FAIL, found, "Read SES's message in its console, and answer it.")]
    if account.sandbox:
        found = "The account is in SES's sandbox: only verified addresses get mail."
        return [Diagnosis("Sending", Verdict.FAIL, found, "Ask for production access in the console of SES.")]
    if account.status != "HEALTHY":
        found = f"SES has the account under review ({account.status})."
        return [
            Diagnosis("Sending", Verdict.WARN, found, "Read SES's message in its console, and lower bounces first.")
        ]
    quota, used = account.daily_quota, account.sent_last_24_hours
    if quota >= 0 and used >= _NEARLY_USED * quota:
        found = f"{used:,} of {quota:,} emails a day are used up."
        return [Diagnosis("Sending", Verdict.WARN, found, "Ask SES for a larger quota (Service Quotas).")]
    a_day = "without a daily limit" if quota < 0 else f"{quota:,} a day"
    return [Diagnosis("Sending", Verdict.OK, f"SES takes {account.per_second:,.0f} emails a second, {a_day}.")]


def sender_domain(installation: Installation) -> list[Diagnosis]:
    """SPF, DKIM, DMARC and what else receivers look at."""
    if not installation.sends:
        return [Diagnosis("Sender's domain", Verdict.OK, f"{_LOCAL}, so it is not looked up.")]
    shop, probe = installation.shop, installation.probe
    try:
        report = domain.check_domain(shop, probe, domain.sender_domain(shop, probe))
    except InvalidInputError as error:
        fix = "Set MAIL_SENDER, or the sender in the shop's settings, to an address of your own domain."
        return [Diagnosis("Sender's domain", Verdict.FAIL, error.sentence, fix)]
    return [
        Diagnosis(finding.subject.value, OF_LEVEL[finding.level], finding.sentence, finding.advice)
        for finding in report.findings
    ]


def events(installation: Installation) -> list[Diagnosis]:
    """Whether SES's reports come in: without them, bounces and complaints stay unseen."""
    settings = installation.settings
    if not installation.sends:
        return [Diagnosis("Events", Verdict.OK, f"{_LOCAL}; their events are made here.")]
    if not settings.ses_events_queue_url and not settings.ses_events_topics:
        fix = "Set SES_EVENTS_QUEUE_URL to the queue that infra/stack.yaml makes."
        return [Diagnosis("Events", Verdict.FAIL, "Nobody takes in what SES reports.", fix)]
    if not settings.ses_configuration_set_transactional or not settings.ses_configuration_set_marketing:
        fix = "Set SES_CONFIGURATION_SET_TRANSACTIONAL and SES_CONFIGURATION_SET_MARKETING."
        return [Diagnosis("Events", Verdict.FAIL, "SES reports nothing of mail without a configuration set.", fix)]
    if event_health(installation.shop).last_at is None:
        fix = "Start the fire drill on the page Events, which mails SES's simulator and waits for the reports."
        return [Diagnosis("Events", Verdict.WARN, "SES has reported nothing in the last day.", fix)]
    found = health.check_events(installation.system)
    return [Diagnosis("Events", OF_STATE[found.state], found.found, found.advice)]


def workers(installation: Installation) -> list[Diagnosis]:
    """Whether some process says that it does the necessary duties."""
    found = health.check_workers(installation.system)
    return [Diagnosis("Workers", OF_STATE[found.state], found.found, found.advice)]


def alerts(installation: Installation) -> list[Diagnosis]:
    """Whether anybody hears of trouble: by email, which is in trouble itself sometimes, or by a webhook."""
    if installation.settings.alert_webhook_url.get_secret_value():
        return [Diagnosis("Alerts", Verdict.OK, "They go out by email and by webhook.")]
    fix = "Set ALERT_WEBHOOK_URL, and let something outside ask /api/ready."
    verdict = Verdict.WARN if installation.sends else Verdict.OK
    return [Diagnosis("Alerts", verdict, "They go out by email alone, and not when email is in trouble.", fix)]


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
