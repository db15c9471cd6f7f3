"""Benchmarks, compared with limits and peers."""
