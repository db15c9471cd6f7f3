"""A long run of many sessions and groups under faults that come and go."""
