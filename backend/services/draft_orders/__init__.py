"""Draft orders: written, offered with a link to pay, and placed when they are completed."""
