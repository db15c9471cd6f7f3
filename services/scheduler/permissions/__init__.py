"""The aggregate of an account's permissions, which an operator grants."""
