"""`adrelay adbots`."""
