"""Live sessions over WebSockets, in the dialect of OpenAI, with any model."""
