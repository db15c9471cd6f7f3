"""`adrelay demo`: the whole path against three sandboxes, with proof read back from Telegram's side."""
