"""The vault: secrets, encrypted at rest."""
