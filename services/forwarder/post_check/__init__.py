"""The aggregate of a post check: what each seat found out about the posts."""
