"""Opens and clicks of people and of programs are told apart by the user agent, not by the model of a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from backend.domain.delivery import Outcome
from backend.domain.events import EventType, MailEvent
from tests.support import NOW

KIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
MOBILE = f"{KIT} Chrome/120.0.0.0 Mobile Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
PEOPLE = [
    f"Mozilla/5.0 (Linux; Android 9; CUBOT_X19) {MOBILE}",
    f"Mozilla/5.0 (Linux; Android 11; CUBOT) {MOBILE}",
    f"Mozilla/5.0 (Linux; Android 10; CUBOT KING KONG 5 Pro Build/QP1A) {MOBILE}",
    f"Mozilla/5.0 (Linux; U; Android 4.2; en-us; Scanner Phone Build/JDQ39) {MOBILE}",
    f"Mozilla/5.0 (Linux; Android 10; MC3300 Barcode Scanner) {MOBILE}",
    f"Mozilla/5.0 (Linux; Android 8.1.0; Robot Preview Spider) {MOBILE}",
    f"Mozilla/5.0 (Linux; Android 4.0.3; Cisco Cius) {MOBILE}",
    "Mozilla/5.0 (Android 13; Mobile; rv:120.0) Gecko/120.0 Firefox/120.0",
    f"Mozilla/5.0 (Linux; Android 12; CUBOT X50) {MOBILE} [FB_IAB/FB4A;FBAV/440.0.0;FBDV/Talk Bot;]",
    "Dalvik/2.1.0 (Linux; U; Android 9; CUBOT_P20 Build/PPR1.180610.011)",
    f"{IPHONE} Version/17.1 Mobile/15E148 Safari/604.1",
    f"{IPHONE} Mobile/15E148 CamScanner/6.52",
    f"{IPHONE} GSA/292.0 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {KIT} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_0) Safari Technology Preview/17.4",
    "Mozilla/5.0 (Windows NT 10.0; Cisco AnyConnect) Gecko/20100101 Firefox/120.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Thunderbird/115.5.0",
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; WOW64; Microsoft Outlook 16.0.5068; ms-office; MSOffice 16)",
    "Outlook-iOS/723.4027091.prod.iphone (4.28.0)",
]
PROGRAMS = [
    "",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    f"Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) {MOBILE} (compatible; Googlebot/2.1; +http://g.example)",
    f"Mozilla/5.0 (Linux; Android 7.0;) {KIT} Mobile Safari/537.36 (compatible; PetalBot;+https://petal.example)",
    "Mozilla/5.0 (Linux; Android 5.0; compatible; Bytespider; spider-feedback@example.com)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    f"Mozilla/5.0 (Windows NT 6.1; WOW64) {KIT} Chrome/41.0 Safari/537.36 BingPreview/1.0b",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "TelegramBot (like TwitterBot)",
    "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Proofpoint URL Defense)",
    "Mimecast-URL-Protect/1.0",
    "Mozilla/5.0 (compatible; Cisco Talos)",
    "Mozilla/5.0 (compatible; Trend Micro WTP)",
    "EmailSecurityScanner/1.0",
    "Mozilla/5.0 (compatible; Nessus Scanner)",
    f"Mozilla/5.0 (X11; Linux x86_64) {KIT} HeadlessChrome/120.0.0.0 Safari/537.36",
    "python-requests/2.31.0",
    "curl/8.4.0",
    "Go-http-client/2.0",
    "okhttp/4.12.0",
    "Java/17.0.8",
    "Microsoft Office Existence Discovery",
    "Mozilla/4.0 (compatible; ms-office; MSOffice 16)",
]


@pytest.mark.parametrize(
    ("user_agent", "seconds", "program"),
    [
        ("Mozilla/5.0", 600, True),  # Apple's Mail Privacy Protection
        ("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", 600, False),
        ("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", 600, False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", 5, False),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148", 0, True),
        ("Barracuda Sentinel (EE)", 600, True),
        ("", 600, True),
    ],
)
def test_opens_by_programs_are_told_from_those_by_people(user_agent: str, seconds: int, program: bool) -> None:
    opened = MailEvent(EventType.OPEN, NOW + timedelta(seconds=seconds), NOW, "id", user_agent=user_agent)
    assert opened.outcome(NOW) is (Outcome.BOT_OPENED if program else Outcome.OPENED)


def by_program(user_agent: str) -> bool:
    return MailEvent(EventType.CLICK, NOW, NOW, "id", user_agent=user_agent).by_program(None)


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_phones_and_mail_apps_are_people(user_agent: str) -> None:
    assert not by_program(user_agent)


@pytest.mark.parametrize("user_agent", PROGRAMS)
def test_link_scanners_previews_and_libraries_are_programs(user_agent: str) -> None:
    assert by_program(user_agent)
