"""Which genmux this is."""

VERSION = "0.1.0"
