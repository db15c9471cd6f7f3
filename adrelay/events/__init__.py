"""What operators do with events: follow them, explain them, repair what follows from them."""
