"""The seccomp filter: system calls that student code may not make."""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from functools import cache

from chainrule.grading.sandbox.kernel import (
    LIBC,
    SECCOMP_FILTER,
    SET_PDEATHSIG,
    SET_SECCOMP,
    NoLayer,
    Sandbox,
    checked,
    need_linux,
)

_NETWORK = "socket socketpair bind connect listen accept accept4 setsockopt"
_PROGRAMS = "execve execveat fork vfork memfd_create memfd_secret uselib"
_OTHERS = (
    "ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_open "
    "pidfd_getfd pidfd_send_signal kcmp tkill rt_sigqueueinfo rt_tgsigqueueinfo get_robust_list "
    "migrate_pages move_pages setpriority ioprio_set sched_setscheduler sched_setattr "
    "setsid setpgid"
)
# By what is locked, leased or watched in files that all may read, one jail could tell another
# something.
_CHANNELS = "flock inotify_init inotify_init1 inotify_add_watch"
_SYSTEM = (
    "mount umount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fsconfig fspick "
    "mount_setattr setns unshare bpf perf_event_open userfaultfd keyctl add_key request_key "
    "io_uring_setup io_uring_enter io_uring_register personality swapon swapoff reboot kexec_load "
    "kexec_file_load init_module finit_module delete_module acct quotactl quotactl_fd settimeofday "
    "clock_settime adjtimex clock_adjtime name_to_handle_at open_by_handle_at lookup_dcookie "
    "syslog iopl ioperm modify_ldt fanotify_init sethostname setdomainname vhangup nfsservctl "
    "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset "
    "shmget shmat shmctl shmdt msgget msgsnd msgrcv msgctl semget semop semctl semtimedop "
    "mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify"
)
_IOCTL_SETOWN = (0x8901, 0x8902)  # as F_SETOWN: whom the kernel sends a signal
_OF_A_PROCESS = ("prlimit64", "sched_setaffinity", "sched_setparam", "sched_getaffinity")
_CLONE_THREAD = 0x10000
_F_SETOWN, _F_SETSIG, _F_SETOWN_EX = 8, 10, 15
_F_GETLK, _F_OFD_GETLK, _F_SETLEASE, _F_NOTIFY = 5, 36, 1024, 1026


@cache
def filter_for(me: int) -> bytes:
    """The seccomp filter for a process with that number, as the kernel takes it. Raises NoLayer."""
    try:
        import pyseccomp as kernel
    except (ImportError, RuntimeError, OSError) as error:
        raise NoLayer("pyseccomp or libseccomp is missing (pip install pyseccomp)") from error
    refused = kernel.ERRNO(errno.EPERM)
    rules = kernel.SyscallFilter(kernel.ALLOW)
    names = f"{_NETWORK} {_PROGRAMS} {_OTHERS} {_CHANNELS} {_SYSTEM}".split()
    table: list[tuple[str, tuple[int, ...]]] = [(name, ()) for name in names]
    # (argument, comparison, value, and for a masked comparison what remains): a thread is a clone
    # that shares everything, a process is one that does not.
    table += [("clone", (0, kernel.MASKED_EQ, _CLONE_THREAD, 0))]
    table += [(name, (0, kernel.NE, me)) for name in ("kill", "tgkill")]
    owner = (_F_SETOWN, _F_SETSIG, _F_SETOWN_EX)
    channels = (_F_GETLK, _F_OFD_GETLK, _F_SETLEASE, _F_NOTIFY)
    table += [("fcntl", (1, kernel.EQ, how)) for how in (*owner, *channels)]
    table += [("ioctl", (1, kernel.EQ, how)) for how in _IOCTL_SETOWN]
    table += [("prctl", (0, kernel.EQ, SET_PDEATHSIG))]
    table += [(name, (0, kernel.NE, 0)) for name in _OF_A_PROCESS]  # 0 is oneself
    for name, condition in table:
        try:
            rules.add_rule(refused, name, *([kernel.Arg(*condition)] if condition else []))
        except (ValueError, OSError, RuntimeError):
            continue  # this architecture has no such call
    # glibc then falls back to clone, whose flags a filter can read.
    rules.add_rule(kernel.ERRNO(errno.ENOSYS), "clone3")
    with os.fdopen(os.memfd_create("filter"), "w+b") as file:
        rules.export_bpf(file)
        file.seek(0)
        return file.read()


def seccomp(sandbox: Sandbox) -> None:
    """No socket, no program, no process, no other process's memory, signals or locks, no kernel
    knobs."""
    need_linux()
    program = ctypes.create_string_buffer(filter_for(os.getpid()))
    head = struct.pack("@HP", (len(program) - 1) // 8, ctypes.addressof(program))
    checked(LIBC.prctl(SET_SECCOMP, SECCOMP_FILTER, head, 0, 0), "seccomp")
