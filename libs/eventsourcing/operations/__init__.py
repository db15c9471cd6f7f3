"""What operators' tools ask and do."""
