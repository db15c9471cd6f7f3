"""Data that an older version of Adrelay wrote, for tests that this version opens, reads and serves it."""
