"""Knows sound: writes it in other formats, measures it, cuts and joins it, hears where somebody speaks."""
