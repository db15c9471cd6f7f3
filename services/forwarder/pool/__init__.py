"""The pool: leases of sessions, seats that send, and the handling of Telegram's answers."""
