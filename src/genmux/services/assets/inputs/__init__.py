"""Inputs: where they are, whether they fit a model, and how they reach its provider."""
