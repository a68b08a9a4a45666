"""The only package that talks to AWS: `process` → `session` → `api` → `calls`.

`session.connector` opens connections, and `process.connector` does so in another process.
"""
