"""The stock that can still be sold: free sessions, less those promised to orders."""
