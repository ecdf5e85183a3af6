"""Data kept here: tables that flows append to, update and look things up in, and files they add lines to."""
