"""Products: the catalogue, what was sold of each in any period, and how orders and names lead to them."""
