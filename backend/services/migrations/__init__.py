"""Migrations: what stores of earlier versions lack is added while the shop goes on."""
