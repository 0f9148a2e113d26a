"""Grading: the judge, the jail it puts student code in, and the batch. Linux for the jail."""
