"""Jobs in the database: the row is the state machine, and holds its own lease."""
