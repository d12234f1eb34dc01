# SPDX-License-Identifier: MIT
"""Child processes that never outlive zerocopy, in namespaces of their own.

Two locks on the same door: the child gets SIGKILL when zerocopy ends for whatever reason (PR_SET_PDEATHSIG), and what
it started lives in a PID namespace that dies with it (unshare --kill-child). The mount namespace keeps the mounts of a
build out of the host, so a kill leaves none behind either.
"""

import ctypes
import os
import queue
import signal
import subprocess
import threading
import time

from . import paths
from .errors import Failure, tail

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def _die_with(parent_pid):
    def in_child():
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent_pid:  # the parent went before prctl() could say that it matters
            os._exit(1)
    return in_child


def namespaces():
    """The command prefix that gives root's rights over mounts: in a user namespace, unless we are root already."""
    prefix = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
    if os.geteuid() != 0:
        prefix += ['--user', '--map-auto', '--map-root-user']
    return prefix + ['--']


def spawn(argv, **options):
    """subprocess.Popen whose child dies with this process. The calling thread must outlive the child."""
    return subprocess.Popen([str(word) for word in argv], preexec_fn=_die_with(os.getpid()), **options)


def kill(process):
    """End a child for certain; with it goes its PID namespace."""
    if process and process.poll() is None:
        process.kill()
    if process:
        process.wait()


def run(argv, what, log_name, on_line=None, cwd=None, env=None, hint=''):
    """Run a command to its end, everything it prints going to build/logs/<log_name>.log.

    on_line(line), where line may be None, is called for each line and at least once a second, for progress.
    A status other than 0 raises a Failure that shows the end of the log; hint says what may be done about it.
    """
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    path = paths.LOGS / f'{log_name}.log'
    lines = queue.SimpleQueue()

    def read(stream):
        for line in stream:
            lines.put(line)
        lines.put(None)

    with open(path, 'w', encoding='utf-8', errors='replace') as log:
        process = spawn(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                        text=True, errors='replace', cwd=cwd, env=env)
        threading.Thread(target=read, args=(process.stdout,), daemon=True).start()
        try:
            while True:
                try:
                    line = lines.get(timeout=1)
                except queue.Empty:
                    line = ''
                if line is None:
                    break
                if line:
                    log.write(line)
                    log.flush()
                if on_line:
                    on_line(line.rstrip('\n') or None)
            status = process.wait()
        finally:
            kill(process)
    if status:
        todo = (f'{hint}; ' if hint else '') + f'the whole log is {path}'
        raise Failure(f'{what} failed (status {status})', tail(path), todo)


def output(argv, what, **options):
    """What a short command prints."""
    try:
        done = subprocess.run([str(word) for word in argv], check=True, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=_die_with(os.getpid()),
                              **options)
    except FileNotFoundError as error:
        raise Failure(f'{what}: {argv[0]} is not installed', todo=f'install the package that has {argv[0]}') from error
    except subprocess.CalledProcessError as error:
        raise Failure(f'{what} failed (status {error.returncode})', error.stderr.strip()) from error
    return done.stdout


def wait(process, seconds):
    """Wait for a child; False if it is still there after `seconds`."""
    end = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
