"""`adrelay events`: follow events, explain them, repair what follows from them."""
