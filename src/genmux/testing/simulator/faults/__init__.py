"""Everything that can go wrong on the wire, to be asked for by name."""
