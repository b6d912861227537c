"""The life of a job: kept before it is sent, sent once, polled until it ends, collected, settled."""
