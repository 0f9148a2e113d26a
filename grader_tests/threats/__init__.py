"""What a hostile submission tries, as a table, and the course that it is tried on."""
