"""What SES knows of a sender's domain: the keys that sign for it, and its return path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from backend.domain.sender_domain import Identity, parents_of
from backend.email.transports.protocol import AccountUnknownError
from backend.email.transports.ses_errors import code_of

_ZONE = "dkim.amazonses.com"
"""Where SES kept all keys before it returned the place with each identity."""


class IdentityClient(Protocol):
    """What is needed of a boto3 client for "sesv2"."""

    @property
    def meta(self) -> Any: ...

    def get_email_identity(self, *, EmailIdentity: str) -> Mapping[str, Any]: ...  # noqa: N803 - as AWS names it


class SesIdentities:
    """Asks SES for domains."""

    def __init__(self, client: IdentityClient) -> None:
        self._client = client

    def find(self, domain: str) -> Identity | None:
        """The identity by which mail of this domain is signed: its own, or else that of a domain above it.

        Raises: `AccountUnknownError` when SES does not say.
        """
        for name in parents_of(domain)[:-1] or [domain]:
            try:
                reply = self._client.get_email_identity(EmailIdentity=name)
            except ClientError as error:
                if code_of(error) == "NotFoundException":
                    continue
                raise AccountUnknownError(_untold(code_of(error))) from error
            except (BotoCoreError, ResponseParserError) as error:
                raise AccountUnknownError(_untold(type(error).__name__)) from error
            return identity_from(name, reply, str(self._client.meta.region_name))
        return None


def _untold(why: str) -> str:
    return f"SES does not say what it knows of the domain ({why}). Allow ses:GetEmailIdentity."


def identity_from(domain: str, reply: Mapping[str, Any], region: str) -> Identity:
    """The answer of GetEmailIdentity."""
    dkim, mail_from = reply.get("DkimAttributes", {}), reply.get("MailFromAttributes", {})
    return Identity(
        domain=domain,
        verified=bool(reply.get("VerifiedForSendingStatus", False)),
        dkim_tokens=tuple(map(str, dkim.get("Tokens", ()))),
        dkim_zone=str(dkim.get("SigningHostedZone") or _ZONE),
        dkim_enabled=bool(dkim.get("SigningEnabled", False)) and dkim.get("Status") == "SUCCESS",
        mail_from=str(mail_from.get("MailFromDomain", "") or ""),
        region=region,
    )
