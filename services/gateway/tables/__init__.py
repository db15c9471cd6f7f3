"""Read models, one for each question that is asked of the gateway."""
