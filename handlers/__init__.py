"""Conversations: what the bot says to whom, whatever the channel."""
