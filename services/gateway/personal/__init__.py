"""Personal data of accounts: their e-mail addresses, outside of events, and how an account is erased."""
