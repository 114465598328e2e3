"""How the bot runs: settings, channels, the worker, the sender, the command line."""
