"""A call: resolve, check, encode, send, decode, price, settle, tell."""
