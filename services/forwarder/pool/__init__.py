"""The pool: leases, seats, and what Telegram's answers lead to."""
