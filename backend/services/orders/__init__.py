"""Orders: placing, changing, listing, and the writes that keep an order with all of its totals."""
