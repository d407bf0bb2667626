"""Automations: nothing is lost, nothing comes twice, and everything is accounted for."""
