"""The sandbox of the payment provider, over HTTP."""
