"""The only place that talks to AWS: connections, calls, errors, one module per API noun.

`connector` is its door, and `process.connector` the same door from another process.
"""
