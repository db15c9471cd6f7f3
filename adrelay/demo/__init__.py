"""`adrelay demo`: the whole story against the two sandboxes, with proof read back from Telegram's side."""
