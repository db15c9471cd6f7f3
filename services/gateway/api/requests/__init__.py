"""What every request passes, and what requests and answers are made of."""
