"""Stand-ins for what is outside: the Bot API, and language-model services."""
