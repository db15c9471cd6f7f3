"""Where one service's events are kept: PostgreSQL."""
