"""Bringing in orders and customers from files: read in pieces, checked row by row, written order by order.

file ─▶ decoding ─▶ reading ─▶ dialect ─▶ grouping ─▶ shopify ──▶ planning ─▶ writing ─▶ store
       (characters) (rows)    (columns)  (orders)    (meaning)   (what to do) (transactions)
                                            survey: all of it once before anything is written
"""

from backend.services.imports.customer_table import Preview, read_preview
from backend.services.imports.customer_titles import CUSTOMER_FIELDS, guess_mapping
from backend.services.imports.customers import import_customers
from backend.services.imports.encoding import ENCODINGS, UnclearEncodingError, readings_in
from backend.services.imports.file_kinds import is_shopifys, refuse_other_file
from backend.services.imports.first_orders import first_orders
from backend.services.imports.order_titles import ORDER_FIELDS, lacking
from backend.services.imports.orders import import_orders
from backend.services.imports.preview import preview_of
from backend.services.imports.products import import_products
from backend.services.imports.remembered import mapping_of, remembered_or_proposed
from backend.services.imports.workbooks import as_csv, sheet_names

__all__ = [
    "CUSTOMER_FIELDS",
    "ENCODINGS",
    "ORDER_FIELDS",
    "Preview",
    "UnclearEncodingError",
    "as_csv",
    "first_orders",
    "guess_mapping",
    "import_customers",
    "import_orders",
    "import_products",
    "is_shopifys",
    "lacking",
    "mapping_of",
    "preview_of",
    "read_preview",
    "readings_in",
    "refuse_other_file",
    "remembered_or_proposed",
    "sheet_names",
]
