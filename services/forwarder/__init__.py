"""The pool of Telegram clients."""
