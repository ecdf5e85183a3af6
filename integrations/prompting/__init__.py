"""What a model is asked, and reading what it says. Values in, values out.

A wall, not a habit: nothing here imports what opens secrets (connections, vault), so no prompt can be built from one;
a test reads the imports. What is asked about is a stranger's words: it is marked as data, and cut to a stated length.
"""
