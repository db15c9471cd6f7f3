"""What the product is called where other programs see it."""

HEADER_PREFIX = "Adrelay-"
"""How the headers of its messages on NATS begin."""
APPLICATION = "adrelay"
"""What its services are called among the connections of a database."""
