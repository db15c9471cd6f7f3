"""The payment provider's API and signed notifications."""
