"""The one app of the bare Django peer."""
