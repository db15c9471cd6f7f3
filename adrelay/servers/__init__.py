"""The servers that commands talk to: where they are, and connecting to them."""
