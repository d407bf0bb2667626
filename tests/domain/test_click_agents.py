"""Who clicked, by the name that the program gives itself: people with odd phones are people, link scanners are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from backend.domain.delivery import Outcome
from backend.domain.events import EventType, MailEvent

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ANDROID = "Mozilla/5.0 (Linux; Android {}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36"


def clicked(agent: str) -> Outcome | None:
    return MailEvent(EventType.CLICK, NOW, NOW - timedelta(days=1), "id", user_agent=agent).outcome(
        NOW - timedelta(hours=1)
    )


@pytest.mark.parametrize(
    "agent",
    [
        ANDROID.format("10; CUBOT X30"),
        ANDROID.format("11; CUBOT NOTE 20"),
        ANDROID.format("9; Cubot_X19"),
        ANDROID.format("8.1.0; CP-860S Cisco"),
        ANDROID.format("10; Zebra TC51 Scanbox"),
        ANDROID.format("13; Android Developer Preview"),
        ANDROID.format("12; Pythonia 5"),
        ANDROID.format("12; Javan X"),
        ANDROID.format("14; SM-A556B"),
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Edg/142",
        "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.5.25",
    ],
)
def test_a_person_is_a_person_whatever_the_phone_is_called(agent: str) -> None:
    assert clicked(agent) is Outcome.CLICKED


@pytest.mark.parametrize(
    "agent",
    [
        "",
        "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; BingPreview/1.0b)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
        "Barracuda Sentinel (EE)",
        "Mozilla/5.0 (compatible; proofpoint-urldefense)",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/142.0.0.0 Safari/537.36",
        "python-requests/2.32.3",
        "Python/3.11 aiohttp/3.9",
        "curl/8.5.0",
        "okhttp/4.12.0",
        "Go-http-client/1.1",
        "Java/17.0.2",
        "Microsoft Office Existence Discovery",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "Mozilla/5.0 (compatible; URLScan/1.0)",
        "Mozilla/5.0 (compatible; CensysInspect; web crawler)",
        "Baiduspider/2.0",
    ],
)
def test_a_program_that_checks_links_is_no_person(agent: str) -> None:
    assert clicked(agent) is Outcome.BOT_CLICKED
