"""Figures: the best customers and products, and the totals of a period."""

from __future__ import annotations

from typing import Annotated

import typer

from backend.cli.options import FIRST_DAY, FromDay, ToDay, day_of_text
from backend.cli.output import Json, write_json, write_table
from backend.cli.running import opened_shop
from backend.domain.money import format_money
from backend.services.customers import leaderboards
from backend.services.customers.leaderboards import Measure
from backend.services.products import figures as product_figures
from backend.services.products.figures import Days, ProductMeasure
from backend.services.statistics import figures, overview


def add_to(app: typer.Typer) -> None:
    app.command("top-customers")(top_customers)
    app.command("top-products")(top_products)
    app.command("totals")(totals)


def top_customers(
    by: Annotated[Measure, typer.Option(help="What to rank by.")] = Measure.REVENUE,
    month: Annotated[str, typer.Option(help="A month such as 2026-11; all time without it.")] = "",
    limit: Annotated[int, typer.Option(help="How many customers, 1,000 at most.")] = 25,
    as_json: Json = False,
) -> None:
    """List the best customers, best first; equal ones by customer id. Revenue is in minor units in JSON."""
    with opened_shop("top-customers") as shop:
        best = leaderboards.top_customers(shop, by, month, limit)
        if as_json:
            write_json(
                [
                    {
                        "customer_id": each.id,
                        "name": each.name,
                        "email": each.email,
                        "orders": each.orders,
                        "revenue": each.revenue,
                    }
                    for each in best
                ]
            )
        elif not best:
            typer.echo("Nobody has ordered in this time.")
        else:
            rows = [
                (place, each.id, each.name, each.email or "", each.orders, _money(shop.currency, each.revenue))
                for place, each in enumerate(best, 1)
            ]
            write_table(("#", "customer", "name", "e-mail", "orders", "revenue"), rows, right=(0, 4, 5))


def top_products(
    first: FromDay = "",
    last: ToDay = "",
    by: Annotated[ProductMeasure, typer.Option(help="What to rank by.")] = ProductMeasure.REVENUE,
    limit: Annotated[int, typer.Option(help="How many products, 1,000 at most.")] = 25,
    as_json: Json = False,
) -> None:
    """List the best products of a period, or of all time. Revenue is in minor units in JSON."""
    with opened_shop("top-products") as shop:
        days = Days(*(day_of_text(text) if text else None for text in (first, last)))
        best = product_figures.best_products(shop, by, days, limit)
        if as_json:
            write_json(
                [
                    {
                        "product_id": each.product.id,
                        "name": each.product.name,
                        "sku": each.product.sku,
                        "units": each.sold.units,
                        "revenue": each.sold.revenue,
                    }
                    for each in best
                ]
            )
        elif not best:
            typer.echo("Nothing was sold in this time.")
        else:
            rows = []
            for place, each in enumerate(best, 1):
                product, revenue = each.product, _money(shop.currency, each.sold.revenue)
                rows.append((place, product.id, product.name, product.sku, each.sold.units, revenue))
            write_table(("#", "product", "name", "SKU", "units", "revenue"), rows, right=(0, 4, 5))


def totals(first: FromDay = FIRST_DAY, last: ToDay = "", as_json: Json = False) -> None:
    """Add up a period: orders, revenue net of refunds, what was refunded, and how many customers bought."""
    with opened_shop("totals") as shop:
        start = day_of_text(first)
        end = day_of_text(last) if last else shop.clock().astimezone(shop.zone).date()
        total = figures.totals_of(figures.totals_by_day(shop, start, end))
        customers = overview.count_buyers(shop, start, end)
        if as_json:
            write_json(
                {"orders": total.orders, "revenue": total.revenue, "refunded": total.refunded, "customers": customers}
            )
            return
        rows = [
            ("orders", f"{total.orders:,}"),
            ("revenue", _money(shop.currency, total.revenue)),
            ("refunded", _money(shop.currency, total.refunded)),
            ("customers", f"{customers:,}"),
        ]
        write_table((f"{start} to {end}", ""), rows, right=(1,))


def _money(currency: str, minor: int) -> str:
    return format_money(minor, currency)
