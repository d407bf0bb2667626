"""Connected shops: their webhooks, taken in, stored and applied to orders and customers."""
