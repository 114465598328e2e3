"""What the regulations say and what follows from it. Pure: no database, no chat, no channel."""
