"""Whether the credit arrived: measured where it can be, and never guessed."""
