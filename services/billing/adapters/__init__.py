"""Those outside that billing speaks with."""
