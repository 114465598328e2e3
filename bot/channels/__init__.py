"""Where people meet the bot. Each channel receives into the inbox and sends from the outbox."""
