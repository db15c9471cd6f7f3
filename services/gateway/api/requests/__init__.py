"""Middleware, limits, and the parts of requests and answers."""
