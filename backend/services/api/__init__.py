"""The HTTP API's own affairs: keys, requests that happen once, and how many are allowed."""
