"""What is not theirs to read, to write, or to talk to.

The answers are right: what is looked at is whether a secret stands in the graded notebook, a file
was left, or somebody connected.
"""

from __future__ import annotations

from grader_tests.threats.row import spy

_LOOK = """
import glob, os
def look(*patterns):
    for pattern in patterns:
        for path in glob.glob(pattern, recursive=True):
            try: print(path, open(path, errors="replace").read()[:200000])
            except OSError as error: print(error)
"""
_WRITE = """
import os
def leave(*paths):
    for path in paths:
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            open(path, "a").write("\\n# left by @tag@")
        except OSError as error: print(error)
"""
_LINKS = """
import os
for make in (os.symlink, os.link):
    try:
        make("@course@/grades.csv", "a"); print(open("a").read())
    except OSError as error: print(error)
try:
    os.symlink("@home@/left-@tag@", "b"); open("b", "w").write("left")
except OSError as error: print(error)
"""
_PROC = """
import os
for name in os.listdir("/proc") if os.path.isdir("/proc") else [str(i) for i in range(1, 400)]:
    for file in ("environ", "cmdline", "maps"):
        try: print(open(f"/proc/{name}/{file}", errors="replace").read()[:4000])
        except OSError: pass
"""
_MEMORY = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
for pid in (1, 2, os.getppid()):
    print(pid, libc.ptrace(16, pid, 0, 0), libc.process_vm_readv(pid, None, 0, None, 0, 0))
    try: open(f"/proc/{pid}/mem", "rb").read(1)
    except OSError as error: print(error)
"""
_CONNECTION = """
import glob, json, os, socket
for path in glob.glob("@home@/.local/share/jupyter/runtime/*.json") + glob.glob("@home@/**/*.json"):
    print(open(path).read())
try:
    from ipykernel import get_connection_info
    if json.loads(get_connection_info())["key"]:
        print("secret" + "-connection")
except Exception as error: print(error)
"""
_TCP = """
import socket
try: socket.create_connection(("127.0.0.1", @port@), 1).close()
except OSError as error: print(error)
"""
_UDP = """
import socket
try:
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.sendto(b"x", ("127.0.0.1", @port@))
except OSError as error: print(error)
"""
_RAW = """
import ctypes, struct
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.syscall(41, 2, 1, 0)
print(fd, libc.connect(fd, struct.pack("<H", 2) + struct.pack(">H", @port@) + bytes([127,0,0,1])
      + bytes(8), 16))
print(libc.socketpair(1, 1, 0, (ctypes.c_int * 2)()))
"""
_NAMES = """
import urllib.request
for url in ("http://localhost:@port@/", "http://127.0.0.1:@port@/"):
    try: urllib.request.urlopen(url, timeout=1)
    except Exception as error: print(error)
"""
_UNIX = """
import os, socket
try:
    os.chdir("@course@"); s = socket.socket(socket.AF_UNIX); s.connect("s")
except OSError as error: print(error)
try:
    s = socket.socket(socket.AF_UNIX); s.bind("\\0@tag@")
except OSError as error: print(error)
"""
_SHELL = """
get_ipython().system("cat @course@/grades.csv @home@/.ssh/* ; env; ls @course@ @home@")
"""
_EXEC = """
import subprocess
try: print(subprocess.run(["/bin/sh", "-c", "env; ls @home@; cat @course@/*.csv"],
           capture_output=True, text=True).stdout)
except OSError as error: print(error)
"""
_MOUNT = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.unshare(0x10000000), libc.mount(b"/", b"/student", None, 4096, None),
      libc.chroot(b"/"), libc.syscall(165, b"proc", b"/student", b"proc", 0, None))
import glob
for path in glob.glob("/student/**/grades.csv", recursive=True): print(open(path).read())
"""
_SCRIPT = """
from IPython.display import HTML, Javascript, display
display(HTML("<script>document.title = 'left-@tag@'</script>"
             "<img src=x onerror=\\"document.title = 'left-@tag@'\\">"))
display(Javascript("document.title = 'left-@tag@'"))
"""

THREATS = (
    spy("read-master", "master notebooks", "The master notebooks are read.",
        _LOOK + "look('@course@/source/**/*.ipynb', '../**/source/**/*.ipynb', "
        "'../../../source/*/*.ipynb')"),
    spy("read-hidden", "hidden checks", "Hidden checks are looked for in files and in memory.",
        _LOOK + "import gc\nlook('@course@/**/*.ipynb')\n"
        "print([o for o in gc.get_objects() if 'hidden' in str(o)[:2000].lower()][:50])\n"
        "print([f for f in map(str, vars(get_ipython()).values()) if 'secret-' in f])"),
    spy("read-gradebook", "gradebook", "The gradebook is read.",
        "\nimport sqlite3, glob\n"
        "for path in ['@course@/gradebook.db', *glob.glob('../../../gradebook.db')]:\n"
        "    try: print(sqlite3.connect(f'file:{path}?mode=ro', uri=True)"
        ".execute('select * from student').fetchall())\n"
        "    except sqlite3.Error as error: print(error)"),
    spy("write-gradebook", "gradebook", "A score is written into the gradebook.",
        "\nimport sqlite3\ntry:\n    book = sqlite3.connect('@course@/gradebook.db', timeout=1)\n"
        "    book.execute(\"insert into student(id, first_name) values ('left-@tag@', 'x')\")\n"
        "    book.commit()\nexcept sqlite3.Error as error: print(error)"),
    spy("read-others", "other submissions", "Other students' work is read.",
        _LOOK + "look('@course@/submitted/**/*', '@course@/autograded/**/*', "
        "'../../000-honest/**/*', '../../../submitted/**/notes.txt')"),
    spy("read-links", "other submissions", "Files are read and written through links.", _LINKS),
    spy("read-environment", "environment variables", "Environment variables are printed.",
        "\nimport os\nprint(dict(os.environ))"),
    spy("read-home", "home folder", "The home folder is listed and read.",
        _LOOK + "print(os.path.expanduser('~'), [f for f in ('@home@', os.path.expanduser('~')) "
        "if os.path.isdir(f) for f in os.listdir(f)])\nlook('@home@/.ssh/*', '@home@/*')"),
    spy("write-home", "home folder", "Files are left in the home folder and in /tmp.",
        _WRITE + "leave('@home@/left-@tag@', '/tmp/left-@tag@', '/dev/shm/left-@tag@', "
        "'/var/tmp/left-@tag@', '@course@/left-@tag@')"),
    spy("read-folder", "home folder", "The course folder is listed and its files are read.",
        _LOOK + "print(os.listdir('@course@') if os.path.isdir('@course@') else '')\n"
        "look('@course@/*.csv', '@course@/nbgrader_config.py')"),
    spy("read-by-shell", "home folder", "A shell reads files.", _SHELL),
    spy("read-by-program", "home folder", "A program is started that reads files.", _EXEC),
    spy("mounts", "home folder", "File systems are mounted, the root is changed.", _MOUNT),
    spy("read-proc", "`/proc` of other processes",
        "Environment and memory of other processes are read in /proc.", _PROC),
    spy("ptrace", "`/proc` of other processes", "Other processes are traced.", _MEMORY),
    spy("connection-file", "connection files", "The kernel's connection file is read.",
        _CONNECTION),
    spy("write-config", "writing `nbgrader_config.py`",
        "The course's `nbgrader_config.py` and check cells are rewritten.",
        _WRITE + "leave('@course@/nbgrader_config.py', '../../../nbgrader_config.py', "
        "'@course@/source/gates/gates.ipynb')"),
    spy("write-pth", "a `.pth`", "A `.pth` file is put beside Python's packages.",
        _WRITE + "import site\nleave(*[p + '/left-@tag@.pth' for p in site.getsitepackages()], "
        "site.getusersitepackages() + '/left-@tag@.pth', '@home@/.local/left-@tag@.pth')"),
    spy("write-startup", "or anything that runs later on the instructor's side",
        "Start-up files of shells, IPython, Jupyter and git are written.",
        _WRITE + "leave('@home@/.bashrc', '@home@/.ipython/profile_default/startup/left-@tag@.py', "
        "'@home@/.jupyter/jupyter_server_config.py', '@course@/.git/hooks/pre-commit', "
        "'@home@/.config/left-@tag@', '@course@/sitecustomize.py')"),
    spy("write-package", "or anything that runs later on the instructor's side",
        "The installed packages are changed.",
        _WRITE + "import chainrule\nleave(os.path.dirname(chainrule.__file__) + '/left-@tag@.py')",
        danger="it would change the packages that it is measured with"),
    spy("script", "or anything that runs later on the instructor's side",
        "Scripts are left in an output, for the browser of the instructor.", _SCRIPT),
    spy("tcp", "the network in any form", "A TCP connection is made.", _TCP),
    spy("udp", "the network in any form", "A datagram is sent.", _UDP),
    spy("url", "the network in any form", "A URL is fetched.", _NAMES),
    spy("raw-socket", "the network in any form", "Sockets by raw system calls.", _RAW),
    spy("unix-socket", "Unix sockets too", "A Unix socket is connected to.", _UNIX),
)  # fmt: skip
