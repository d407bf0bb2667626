"""The demo shop's products (a shop for stationery and tea), places and names. All of it is invented."""

from __future__ import annotations

PRODUCTS: tuple[tuple[str, str, int, int], ...] = (
    ("Fountain pen “Heron”, fine nib", "PEN-101", 4900, 6),
    ("Fountain pen “Heron”, broad nib", "PEN-102", 4900, 3),
    ("Rollerball “Finch”", "PEN-110", 2400, 6),
    ("Pencil set, 12 grades", "PEN-130", 1850, 8),
    ("Brush pen, black", "PEN-140", 690, 9),
    ("Ink, midnight blue, 50 ml", "INK-201", 1290, 9),
    ("Ink, moss green, 50 ml", "INK-202", 1290, 6),
    ("Ink, ox blood, 30 ml", "INK-203", 1190, 4),
    ("Ink converter", "INK-220", 590, 6),
    ("Notebook A5, dotted", "NOT-301", 1450, 14),
    ("Notebook A5, plain", "NOT-302", 1450, 9),
    ("Notebook A6, pocket", "NOT-303", 890, 12),
    ("Notebook, refill pack of 3", "NOT-310", 1690, 7),
    ("Week planner", "NOT-320", 2190, 6),
    ("Leather cover for A5", "NOT-350", 5900, 2),
    ("Letter paper, 50 sheets", "PAP-401", 1350, 5),
    ("Envelopes, 25 pieces", "PAP-402", 750, 6),
    ("Cards “Meadow”, set of 8", "PAP-410", 1600, 8),
    ("Cards “Thank you”, set of 8", "PAP-411", 1600, 7),
    ("Wrapping paper “Fern”", "PAP-430", 550, 8),
    ("Washi tape, set of 5", "PAP-440", 980, 9),
    ("Wax seal kit", "PAP-450", 2900, 2),
    ("Desk tray, oak", "DES-501", 6400, 2),
    ("Brass ruler", "DES-510", 2200, 3),
    ("Scissors, Japanese steel", "DES-520", 3400, 3),
    ("Desk lamp, linen shade", "DES-560", 8900, 1),
    ("Earl Grey, 100 g", "TEA-601", 990, 11),
    ("Darjeeling first flush, 100 g", "TEA-602", 1590, 8),
    ("Assam, malty, 250 g", "TEA-603", 1390, 8),
    ("Sencha, 100 g", "TEA-610", 1490, 8),
    ("Jasmine pearls, 75 g", "TEA-611", 1790, 4),
    ("Rooibos orange, 100 g", "TEA-620", 850, 7),
    ("Mint from the garden, 50 g", "TEA-621", 690, 7),
    ("Advent tea calendar", "TEA-690", 3900, 2),
    ("Teapot, stoneware, 1 l", "POT-701", 4500, 4),
    ("Teapot, cast iron, 0.8 l", "POT-702", 7900, 2),
    ("Tea cup, pair", "POT-710", 2900, 5),
    ("Tea strainer, steel", "POT-720", 1100, 6),
    ("Honey, local, 250 g", "FOO-801", 890, 7),
    ("Shortbread, 200 g", "FOO-802", 650, 9),
    ("Gift box, small", "GIF-901", 3500, 4),
    ("Gift box, large", "GIF-902", 6900, 2),
    ("Gift card", "GIF-950", 5000, 0),
)
"""Title, SKU, price in minor units, how often it is bought beside the others. Gift cards are added to some orders."""

PLACES: tuple[tuple[str, int, tuple[str, ...]], ...] = (
    ("US", 34, ("Portland", "Chicago", "Boston", "Austin", "Denver", "Seattle")),
    ("GB", 16, ("London", "Leeds", "Bristol", "Edinburgh")),
    ("DE", 13, ("Berlin", "Hamburg", "Leipzig", "Köln")),
    ("CA", 8, ("Toronto", "Montréal", "Vancouver")),
    ("FR", 7, ("Paris", "Lyon", "Nantes")),
    ("NL", 5, ("Utrecht", "Amsterdam")),
    ("AU", 4, ("Melbourne", "Perth")),
    ("SE", 3, ("Göteborg", "Stockholm")),
    ("ES", 3, ("Sevilla", "Valencia")),
    ("PL", 3, ("Kraków", "Gdańsk")),
    ("IE", 2, ("Dublin", "Cork")),
    ("JP", 2, ("Kyoto", "Osaka")),
)
"""Country, share in percent, cities."""

_ENGLISH = (
    "Ada Grace Oliver Emma Noah Amelia Jack Isla Harry Ruby Leo Chloe Henry Alice Samuel Florence Martha Edward Nora "
    "Walter June Theo Hazel Frank Ivy George Pearl",
    "Bennett Carter Hughes Foster Morgan Ellis Parker Reed Wood Shaw Marsh Doyle Quinn Baker Lane Holt Frost Barnes "
    "Hayes Webb Fields Stone Brooks Page",
)
_NAMES: dict[str, tuple[str, str]] = {
    "DE": (
        "Anna Jürgen Lena Björn Katrin Sören Mia Jonas Greta Matthias Käthe Uwe Frieda Emil",
        "Schröder Müller Weiß Krüger Böhm Vogel Lange Brandt Köhler Sommer Jäger Lorenz",
    ),
    "FR": (
        "Chloé Élodie Luc François Margaux Théo Inès Rémy Zoé Hélène Noël Camille",
        "Lefèvre Moreau Garnier Renaud Dupré Chevalier Besson Gauthier Perrin Collet",
    ),
    "NL": ("Sanne Daan Femke Joris Lotte Ruben Anouk Pim", "de Vries Jansen Bakker Visser Smit van Dijk Mulder Dekker"),
    "SE": ("Astrid Björn Elsa Åke Sven Ingrid Malin Örjan", "Lindqvist Åkesson Nyström Söderberg Hellgren Ek"),
    "ES": ("María Íñigo Lucía Ramón Begoña Joaquín Núria Andrés", "García Muñoz Peña Ibáñez Ortega Cañas Vidal"),
    "PL": ("Łucja Michał Zofia Wojciech Małgorzata Paweł Hania", "Wójcik Kowalczyk Zieliński Dąbrowska Król Sikora"),
    "JP": ("Haruka Kenji Yui Daichi Sakura Ren Aoi Takumi", "Tanaka Sato Kobayashi Mori Ito Shimizu Ogawa"),
    "IE": ("Aoife Ciarán Niamh Seán Gráinne Declan Róisín", "Murphy Byrne Kelly Ó'Brien Nolan Brennan Walsh"),
}

COUNTRIES = tuple(country for country, _, _ in PLACES)
COUNTRY_WEIGHTS = tuple(weight for _, weight, _ in PLACES)
CITIES = {country: cities for country, _, cities in PLACES}

_PREFIXES = {"de", "van"}


def names_of(country: str) -> tuple[list[str], list[str]]:
    """First and last names that people of a country may have."""
    first, last = _NAMES.get(country, _ENGLISH)
    return first.split(), _joined(last.split())


def _joined(words: list[str]) -> list[str]:
    """Puts "de" and "van" back before the name that they belong to."""
    names: list[str] = []
    for word in words:
        if names and names[-1] in _PREFIXES:
            names[-1] = f"{names[-1]} {word}"
        else:
            names.append(word)
    return names


NOTES = (
    "Asked whether the ink is waterproof. Told: the blue one is not.",
    "Prefers delivery on Saturdays.",
    "Writes a stationery blog; sent a sample of the new paper.",
    "Buys for a reading group every spring.",
    "Gift wrap always, never a price tag.",
    "Called about a dented teapot; replacement went out the same day.",
)
