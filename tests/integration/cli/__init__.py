"""The operator's commands against a running gateway, with real money of a sandbox behind it."""
