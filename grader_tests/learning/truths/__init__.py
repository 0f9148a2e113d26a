"""What the numbers of lectures and problem sets have to be, worked out apart from the course.

A module for each lecture, a table in each: for a cell, the words before a number (or before several
in a row) and what has to stand there. By mpmath, the package autograd, or arithmetic; nothing here
may import what the course computes with. `test_stated_numbers.py` reads the tables.
"""
