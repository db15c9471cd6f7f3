"""`adrelay events`: follow and explain events, repair relays, readers and tables."""
