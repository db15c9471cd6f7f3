"""Tests of the whole system under random faults."""
