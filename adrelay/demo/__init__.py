"""`adrelay demo`: the whole story against three sandboxes, with proof read back from Telegram's side."""
