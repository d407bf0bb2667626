"""The demo shop: customers, orders, messages and campaigns that can be loaded and removed again."""
