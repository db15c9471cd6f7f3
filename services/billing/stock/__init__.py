"""The stock left to sell: free sessions, minus those promised to orders."""
