"""What an operator allows an account beyond what everybody may."""
