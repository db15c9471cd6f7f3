"""The product's name in other programs: NATS and PostgreSQL."""

HEADER_PREFIX = "Adrelay-"
"""The prefix of its NATS headers."""
APPLICATION = "adrelay"
"""The `application_name` of its services' connections."""
