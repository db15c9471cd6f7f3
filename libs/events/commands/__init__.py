"""The commands, one file per service that receives them."""
