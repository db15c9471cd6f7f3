"""An adbot: what was paid for, its seats and its validity."""
