"""The gateway: any dialect in, any provider out."""
