"""The payment provider's stand-in, over HTTP."""
