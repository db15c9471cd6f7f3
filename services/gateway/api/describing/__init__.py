"""Completes the OpenAPI document: examples, codes of problems, and what all writes have in common."""
