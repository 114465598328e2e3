"""Errors for the person at the terminal."""


class Problem(Exception):  # noqa: N818 (it is said to people)
    """Something that the person who runs the program can mend; one clear line."""
