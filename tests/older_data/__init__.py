"""Data of an older version of Adrelay; tests open, read and serve it with this version."""
