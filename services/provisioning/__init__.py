"""Stock and adbots."""
