"""The gateway against real servers; fakes answer for the services behind it."""
