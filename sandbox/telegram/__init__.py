"""A small real MTProto server."""
