"""Public price data, read and put into our meters and conditions. Only the maintenance command uses it."""
