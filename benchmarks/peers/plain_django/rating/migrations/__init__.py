"""Migrations of the bare Django peer."""
