"""The providers that come with genmux: a manifest each, and code where a dialect is not enough."""
