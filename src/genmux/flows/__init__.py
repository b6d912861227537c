"""The three shapes at work."""
