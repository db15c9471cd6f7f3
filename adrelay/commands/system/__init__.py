"""`adrelay system`: what the gateway asks services about their stores."""
