"""Words by which exports of orders name tips, gift cards and test payments, in the languages of Shopify's checkout."""

# ruff: noqa: RUF001 - letters of other scripts are meant
from __future__ import annotations

import re
from functools import lru_cache

from backend.domain.text import fold

_REMEMBERED = 1 << 14
_TIPS = frozenset(
    map(
        fold,
        (
            *(
                "tip",
                "tips",
                "gratuity",
                "trinkgeld",
                "pourboire",
                "propina",
                "mancia",
                "fooi",
                "gorjeta",
                "gratificação",
            ),
            *("drikkepenge", "drikspenge", "dricks", "driks", "tipp", "napiwek", "juomaraha", "tippi", "bahşiş"),
            *("spropitné", "borravaló", "bacșiș", "чаевые", "φιλοδώρημα", "チップ", "小费", "小費", "팁"),
        ),
    )
)
_GIFT_CARD = re.compile(
    r"\b(?:e ?)?gift ?(?:cards?|certificates?|vouchers?)\b|\bgeschenk(?:gutschein|karte)\w*|\b(?:wert|kauf)gutschein\w*"
    r"|\b(?:cartes?|cheques?|bons?)[ -]cadeaux?\b|\btarjetas? (?:de )?regalo\b|\b(?:carta|buono) regalo\b"
    r"|\bcadeau(?:bon|kaart)\w*|\bkadobon\w*|\bgavekort\w*|\bpresentkort\w*|\blahjakort\w*|\bvale[ -]presente\b"
    r"|\bcart(?:ao|oes)[ -](?:de )?(?:presente|oferta)\b|\bkart[aey] (?:podarunkow|upominkow)\w+|\bhediye kart\w+"
    r"|\bdarkov[ya] (?:poukaz|karta)\b|\bajandek(?:kartya|utalvany)\w*|\bподарочн\w+ (?:карт|сертификат)\w*"
    r"|\bδωροκαρτα\b|\be ?gifts?\b|"
    + "|".join(map(fold, ("ギフトカード", "礼品卡", "禮品卡", "기프트카드", "기프트 카드")))
)
_NOT_ITSELF = re.compile(
    r"gift ?card (?:holder|box|envelope|sleeve|wallet|case|template|display|stand|pouch|packaging|tin)"
)
_TEST_WAY = re.compile(
    r"\bbogus\b|\btest(?:s|en|ing|e|es|ove|owa|owy)?\b|\btest(?:gateway|zahlung|modus|betaling|betalning|kauf|payment)\w*"
    r"|\b(?:de )?(?:prueba|pruebas|prova)\b|\btesti\w*\b|\bteszt\w*|\bтест\w*|"
    + "|".join(map(fold, ("テスト", "테스트", "测试", "測試")))
)


@lru_cache(_REMEMBERED)
def is_tip(title: str) -> bool:
    """Whether a line item of this title is a tip: it is called so and nothing else."""
    return fold(title).strip(" .:!") in _TIPS


@lru_cache(_REMEMBERED)
def is_gift_card(title: str) -> bool:
    """Whether a line item of this title is a gift card that is sold (and not a box for one)."""
    words = fold(title).replace("-", " ")
    return bool(_GIFT_CARD.search(words) or _GIFT_CARD.search(fold(title))) and not _NOT_ITSELF.search(words)


@lru_cache(_REMEMBERED)
def is_test_payment(method: str) -> bool:
    """Whether one of the ways of payment ("Bogus Gateway + gift_card") is there for trying a shop out."""
    return _TEST_WAY.search(fold(method).replace("_", " ")) is not None
