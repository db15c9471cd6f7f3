"""What may still be sold: sessions that are free, less those that are promised to orders."""
