"""What a submission may try, in the words of the threat model, split into single clauses.

The model has two lists: what may be tried on any grader, and what was found on this one. Every
clause has at least one row in the table (`grader_tests.threats.table`); a test sees to that.
"""

from __future__ import annotations

import re

SECTIONS = {
    "Stealing points": """
        tags on check cells (`skip-execution`, `raises-exception`); points, flags or grade_id
        changed in metadata; check cells deleted, copied, retyped, moved, edited; a display result
        emitted so as to look like a score; input, AST or cell-magic transformers; patched
        `run_cell`, `showtraceback`, displayhook; forged kernel messages; patched numpy,
        `np.allclose`, `builtins`, the `chainrule` package itself; classes with hostile `__eq__`,
        `__array__`, `__array_function__`, ndarray subclasses; frames, closures, gc searched for
        expected values; background threads that change answers later; hard-coded public values;
        `backward` that differentiates numerically instead of deriving (told apart where precision
        can tell, and reported, not silently zeroed).""",
    "Reading or writing what is not theirs": """
        master notebooks, hidden checks, gradebook, other submissions, environment variables, home
        folder, `/proc` of other processes, connection files; writing `nbgrader_config.py`, a
        `.pth`, or anything that runs later on the instructor's side; the network in any form, Unix
        sockets too.""",
    "Exhausting the machine": """
        endless loops (also ones that catch KeyboardInterrupt or block signals), fork bombs, thread
        bombs, memory bombs, output bombs, endless `__repr__`, huge arrays returned, huge notebooks,
        disk or inode filling, sleeping, daemons that outlive grading.""",
    "Dying": """
        `os._exit`, `sys.exit`, segfault, `os.kill` of itself, its siblings, its parent or the
        judge, deleted working files, closed file descriptors, `input()`, kernel restarts. Questions
        finished before stay finished; questions after are still graded.""",
    "Malformed input": """
        invalid JSON, null bytes, wrong encoding, nbformat 2/3/4.0-4.5/5, missing metadata, unknown
        `schema_version`, duplicate ids, deep nesting, not a notebook, empty file, a folder or
        symlink or FIFO in a file's place, renamed notebook, extra notebooks, spaces, brackets and
        `..` in names, zip bombs at collection.""",
    "On our side": """
        the grader killed (SIGKILL) at any moment, a full disk, a locked database, two graders at
        once, a worker of the pool or the cluster dying: nothing lost, nothing graded twice, a rerun
        finishes.""",
    # What was found on this grader itself.
    "Reaching other students": """
        an answer that is right but late, the same through the class's `__name__`, answers near a
        limit of memory or size, NumPy's warn-once registry (the first of many got another score),
        `linecache` (another student's lines in one's traceback), interned or cached objects,
        `functools.cache`, print options, locale, recursion limit, files locked with `flock` as a
        channel between jails.""",
    "Holding up a batch": """
        a folder 1,000 deep in a submission, or in the scratch folder, `prlimit64` on other pids
        where namespaces are refused, 6,000 threads, a `describe` answered with anything, a set of
        integers with equal hashes, time running out inside any request, a submission that uses its
        whole time, one that kills its judge.""",
    "Filling memory and disk": """
        a hundred cells of 1 MiB of output, the kept-output limit raised from inside, twenty large
        ones held together, 200,000 prints.""",
    "Points without deriving": """
        `backward` through `chainrule.numeric`, by complex step, by central differences.""",
    "Hidden values": """
        inputs and expected values of a failed hidden check stand in feedback, an added cell prints
        them all.""",
    "Through other doors": """
        this checkout's own `nbgrader_config.py` graded with `nbgrader autograde`, names imported
        by the master's answer.""",
    "Our own edits": """
        a master's cell renamed, dropped, added, or re-pointed after grading, a due date, an
        extension, a late policy changed, a student's folder misspelt, a master in another
        language, a master whose own solution fails.""",
}

_BETWEEN = re.compile(r"(?:[,;:]|\.(?= [A-Z])) (?![^()]*\))")


def clauses(section: str) -> list[str]:
    """The clauses of a section: what stands between its commas, parentheses kept whole."""
    text = " ".join(SECTIONS[section].split()).removesuffix(".")
    return _BETWEEN.split(text)


def section_of(clause: str) -> str:
    """The section that a clause is in. Raises KeyError when there is no such clause."""
    for section in SECTIONS:
        if clause in clauses(section):
            return section
    raise KeyError(clause)
