"""The web application in a real browser, before a real system."""
