"""Frozen values, no input or output: the words in which all of genmux speaks."""
