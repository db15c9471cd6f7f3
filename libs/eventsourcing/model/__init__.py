"""What is decided and recorded: no input, no output."""
