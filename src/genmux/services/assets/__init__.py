"""Assets: files that were made, uploaded or adopted, kept with where they come from, and prepared for providers.

Nothing is imported here: the process that opens foreign files (`media.child`) goes through this package, and stays small.
"""
