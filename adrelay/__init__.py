"""Adrelay's command line and local runtime."""
