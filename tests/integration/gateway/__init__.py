"""The gateway against real servers, with small stand-ins for the services behind it."""
