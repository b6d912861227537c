"""A live conversation made of calls: somebody listens, a text model answers, somebody speaks.

Any text model gets a voice by it. It is a connection like any other: commands go in, events come out.
"""
