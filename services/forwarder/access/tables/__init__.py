"""The state tables of access: denials, and memberships."""
