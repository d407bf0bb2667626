"""`make load`: the whole server under many callers at once, by Locust, beside a bare route in the same run."""
