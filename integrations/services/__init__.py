"""The services that flows reach, one module each: its connection type and its nodes. Every module here is imported at
the start and registers itself; nothing else lists them.
"""
