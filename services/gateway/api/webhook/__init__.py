"""The webhook of the payment provider's notifications."""
