"""Pictures of the demo shop's products, drawn here: a simple shape for each group, in colours of its own."""

from __future__ import annotations

import zlib

from backend.demo.catalogue import PRODUCTS

_SHAPES = {
    "PEN": '<path d="M60 250 230 80l20 20L80 270l-30 10z"/><path d="m205 105 20 20" class="line"/>',
    "INK": '<path d="M120 110h80v-30h-80zM100 130h120v110a20 20 0 0 1-20 20h-80a20 20 0 0 1-20-20z"/>'
    '<path d="M115 185h90" class="line"/>',
    "NOT": '<rect x="85" y="60" width="150" height="200" rx="8"/>'
    '<path d="M110 60v200M140 110h70M140 140h70" class="line"/>',
    "PAP": '<rect x="60" y="100" width="200" height="130" rx="6"/><path d="m60 105 100 75 100-75" class="line"/>',
    "DES": '<rect x="60" y="140" width="200" height="50" rx="6"/><path d="M90 140v20M120 140v30M150 140v20M180 140v30'
    'M210 140v20" class="line"/>',
    "TEA": '<path d="M100 90h120l15 170H85z"/><path d="M125 150c30-30 60 0 35 60-35-5-45-35-35-60z" class="line"/>',
    "POT": '<path d="M95 130h120c20 60-5 120-60 120S75 190 95 130zM135 105h40v15h-40z"/>'
    '<path d="M222 150c50 0 45 60-10 60M92 160c-30 0-25-25-45-30" class="rim"/>',
    "FOO": '<path d="M100 100h120v20H100zM105 130h110v110a20 20 0 0 1-20 20h-70a20 20 0 0 1-20-20z"/>'
    '<path d="M125 190h70" class="line"/>',
    "GIF": '<rect x="75" y="130" width="170" height="120" rx="6"/><path d="M160 130v120M75 165h170" class="line"/>'
    '<path d="M160 130c-60-60-70 0 0 0 60-60 70 0 0 0" class="rim"/>',
}
_PICTURES = {sku: f"/api/demo/pictures/{sku}.svg" for _, sku, *_ in PRODUCTS}


def picture_path(sku: str) -> str:
    """Where the application serves the picture of a product."""
    return _PICTURES[sku]


def drawn(sku: str) -> str | None:
    """The picture as SVG, the same each time; None for what the demo shop does not sell."""
    if sku not in _PICTURES:
        return None
    hue = zlib.crc32(sku.encode()) % 360
    pale, full = f"hsl({hue} 40% 92%)", f"hsl({hue} 45% 45%)"
    shape = _SHAPES[sku[:3]]
    for name, colour in (("line", pale), ("rim", full)):
        shape = shape.replace(
            f'class="{name}"', f'fill="none" stroke="{colour}" stroke-width="8" stroke-linecap="round"'
        )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 320" width="320" height="320">'
        f'<rect width="320" height="320" fill="{pale}"/><g fill="{full}" fill-rule="evenodd">{shape}</g></svg>'
    )
