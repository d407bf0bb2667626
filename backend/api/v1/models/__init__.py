"""What the API takes and gives, per resource. Amounts are whole minor units, moments RFC 3339 in UTC."""
