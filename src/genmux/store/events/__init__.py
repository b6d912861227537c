"""Events in the database: what was told, who wants to hear it, and what became of each delivery."""
