"""A course as files: its folder, settings and notebooks, release/, kernels, and new courses.

Nothing here knows of students. Start with `folder.Course`. It may import `notebook`, `check` and
what is below them; nbgrader, nbformat and nbclient are at hand from here up.
"""
