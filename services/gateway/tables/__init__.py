"""Read models, one for each question of the routes."""
