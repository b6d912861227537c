"""The tests of genmux; tests.recordings gives them recorded traffic of providers."""
