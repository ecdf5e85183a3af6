"""Server-rendered pages: read through the ORM by workspace, write through the verb modules of `builder`."""
