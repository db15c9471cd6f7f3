"""Adbots, as far as their stops matter here."""
