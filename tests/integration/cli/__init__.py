"""The operator's commands against a running gateway, and billing with the provider's sandbox."""
