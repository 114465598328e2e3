"""What has happened: received, said and remembered. Plain async functions over SQLAlchemy."""
