"""Whether mail arrives: the account's rates, and the checks of the sender's domain."""
