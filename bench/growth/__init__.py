"""What grows with history: made histories of millions of events, and what each costs."""
