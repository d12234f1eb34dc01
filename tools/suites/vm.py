# SPDX-License-Identifier: MIT
"""The guest itself: both kernels boot, and a command's output, input, status and files come through."""

import contextlib
import fcntl
import hashlib
import io
import json
import os
import pty
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path
from unittest import mock

from .. import cache, dmesg, gpu, kernel, paths, vm
from ..errors import STATUS_INTERRUPTED, STATUS_TIMEOUT, STATUS_TOOL, Failure
from ..report import Stage
from ..terminal import WAY_OUT

QEMU = 'qemu-system-x86_64'
PATTERN = bytes(range(256)) * 4096


def capture(guest, script, stdin=None):
    """Run a shell script in the guest; (Result, stdout, stderr)."""
    out, err = io.BytesIO(), io.BytesIO()
    result = vm.run(guest, ['sh', '-c', script], out.write, err.write, stdin)
    return result, out.getvalue(), err.getvalue()


def run(suite):
    for kind in ('patched', 'stock'):
        with Stage(f'vm: the {kind} kernel'):
            boots(suite, kind)
    with Stage('vm: things that go wrong'):
        fails(suite)
    with Stage('vm: a shell'):
        shell(suite)
    with Stage('vm: killed in the middle'):
        kills(suite)


def boots(suite, kind):
    folder = paths.BUILD / f'vm-test-{kind}'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / 'from-host').write_bytes(PATTERN)
    with tempfile.TemporaryFile() as stdin:
        stdin.write(PATTERN)
        stdin.seek(0)
        result, out, err = capture(vm.Guest(kernel=kind, cwd=folder, timeout_s=120), '''
            uname -r; id -u; pwd
            sha256sum < from-host
            sha256sum
            tr '\\000-\\377' '\\001-\\377\\000' < from-host > from-guest
            echo to stderr >&2
            exit 42''', stdin)
    digest = hashlib.sha256(PATTERN).hexdigest()
    expected = [kernel.get(kind).release, '0', str(folder), f'{digest}  -', f'{digest}  -']
    suite.check(f'{kind}: output', out.decode().splitlines() == expected, f'expected {expected}\ngot {out!r}')
    suite.check(f'{kind}: errors', err == b'to stderr\n', f'got {err!r}')
    suite.check(f'{kind}: exit status', result.status == 42, f'got {result.status}')
    back = (folder / 'from-guest').read_bytes()
    suite.check(f'{kind}: files', back == bytes((byte + 1) % 256 for byte in PATTERN), f'got {back[:32]!r}...')
    problems = dmesg.problems(result.dmesg)
    suite.check(f'{kind}: dmesg', not problems, '\n'.join(problems))


def fails(suite):
    result, out, _ = capture(vm.Guest(user='nobody', timeout_s=60), 'id -un; touch /usr/mine 2>/dev/null')
    suite.check('an ordinary user', out == b'nobody\n' and result.status != 0, f'{out!r}, status {result.status}')
    result, _, _ = capture(vm.Guest(timeout_s=60), 'kill -KILL $$')
    suite.check('a killed command', result.status == 128 + 9, f'status {result.status}')
    result, out, _ = capture(vm.Guest(timeout_s=60), f'head -c {len(PATTERN)} /dev/zero')
    suite.check('a megabyte of output', out == bytes(len(PATTERN)), f'{len(out)} bytes')
    with tempfile.TemporaryFile() as stdin:
        stdin.write(b'echo again; exit 3')
        stdin.seek(0)
        result, out, _ = capture(vm.Guest(timeout_s=60), '''
            sleep 1
            sh /dev/stdin > /dev/stdout
            status=$?
            sleep 600 &
            exit $status''', stdin)
    suite.check('stdin opened by name, and a process left running', out == b'again\n' and result.status == 3,
                f'{out!r}, status {result.status}')
    expect(suite, 'guest time-out', vm.Guest(timeout_s=2), 'sleep 60', 'guest time-out', STATUS_TIMEOUT)
    expect(suite, 'guest panic', vm.Guest(timeout_s=60), 'echo c > /proc/sysrq-trigger', 'guest panic')
    expect(suite, 'sudden end', vm.Guest(timeout_s=60), 'echo o > /proc/sysrq-trigger; sleep 60', 'went down')
    silent_gpu(suite)
    suite.check('no process is left', not processes_of(os.getpid()), f'{processes_of(os.getpid())}')


def silent_gpu(suite):
    """GPU processes that are none."""
    program = paths.BUILD / 'silent-gpu'
    program.write_text('#!/bin/sh\nsleep 600\n', encoding='utf-8')
    program.chmod(0o755)
    with mock.patch.object(gpu, 'START_S', 2):
        expect(suite, 'a GPU process that is silent', vm.Guest(vgpu=program), 'true', 'vgpu is not answering')
    expect(suite, 'a GPU process that ends', vm.Guest(vgpu=Path('/bin/false')), 'true', 'vgpu ended before it listened')


def expect(suite, name, guest, script, what, status=None):
    try:
        result, _, _ = capture(guest, script)
        suite.check(name, False, f'no failure, status {result.status}')
    except Failure as failure:
        suite.check(name, what in failure.what and status in (None, failure.status), str(failure))


def shell(suite):
    """`zerocopy shell` on a terminal of 30 rows and 100 columns; and the way out of it."""
    status, seen = on_terminal(b'stty size; test -t 0 && echo TTY; exit 5\n')
    suite.check('shell', status == 5 and b'30 100' in seen and b'TTY\r\n' in seen, f'status {status}\n{seen!r}')
    status, seen = on_terminal(b'sleep 600\n', WAY_OUT)
    suite.check('the way out of a shell', status == STATUS_TOOL and b'left the guest' in seen,
                f'status {status}\n{seen!r}')


def on_terminal(typed, then=b''):
    """Type something into a zerocopy shell when its prompt is there; (status, all that was shown)."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 30, 100, 0, 0))
    process = subprocess.Popen([paths.REPO / 'zerocopy', 'shell', '--no-gpu'], stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = b''
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([master], [], [], 0.5)[0]:
            try:
                seen += os.read(master, 4096)
            except OSError:  # the other end is closed
                break
        elif typed and b'# ' in seen:
            os.write(master, typed)
            typed, then = then, b''
    process.kill()
    os.close(master)
    return process.wait(), seen


def kills(suite):
    """Whoever is killed, and whenever: zerocopy, QEMU and the GPU end together."""
    for seconds in (0.3, 1.5, 6):
        with started() as zerocopy:
            time.sleep(seconds)
            zerocopy.kill()
            zerocopy.wait()
            left = gone(zerocopy.pid)
            suite.check(f'zerocopy is killed after {seconds} s', not left, f'left: {left}')
    asleep = ['run', '--', 'sleep', '600']
    for victim, program, message in (('QEMU', QEMU, 'QEMU ended'), ('vgpu', 'vgpu', 'vgpu ended')):
        with started(asleep) as zerocopy:
            if not until(lambda: QEMU in processes_of(zerocopy.pid) and program in processes_of(zerocopy.pid)):
                suite.check(f'{victim} is killed', False, f'did not start: {processes_of(zerocopy.pid)}')
                continue
            time.sleep(1)
            os.kill(processes_of(zerocopy.pid)[program], signal.SIGKILL)
            error = zerocopy.communicate(timeout=60)[1]
            suite.check(f'{victim} is killed',
                        zerocopy.returncode == STATUS_TOOL and message in error and not gone(zerocopy.pid),
                        f'status {zerocopy.returncode}, {error}, left {processes_of(zerocopy.pid)}')
    for seconds in (0.3, 3, 9):
        with started(['demo']) as zerocopy:
            time.sleep(seconds)
            early = zerocopy.poll()  # a fast host may be done by then
            zerocopy.kill()
            zerocopy.wait()
            left = gone(zerocopy.pid)
            suite.check(f'the demo is killed after {seconds} s', early in (None, 0) and not left,
                        f'left: {left}, ended by itself with {early}')
    damaged = [folder for folder in artefacts() if cache.digest(json.loads((folder / cache.INPUTS).read_text()))
               != folder.name]
    suite.check('the cache is whole after that', artefacts() and not damaged, f'{damaged} of {artefacts()}')
    with started(['demo']) as zerocopy:
        error = zerocopy.communicate(timeout=300)[1]
        suite.check('the demo works after that', zerocopy.returncode == 0, f'status {zerocopy.returncode}\n{error}')
    with started() as zerocopy:
        until(lambda: QEMU in processes_of(zerocopy.pid))
        zerocopy.send_signal(signal.SIGINT)
        zerocopy.communicate(timeout=90)
        suite.check('Ctrl-C', zerocopy.returncode == STATUS_INTERRUPTED and not gone(zerocopy.pid),
                    f'status {zerocopy.returncode}, left {processes_of(zerocopy.pid)}')


def artefacts():
    """What the cache has, by its folders; one that is there at all has its inputs beside it."""
    return [folder for kind in paths.cache().iterdir() if kind.name not in ('partial', 'locks', 'ccache')
            for folder in kind.glob('[0-9a-f]' * cache.HASH_DIGITS)]


@contextlib.contextmanager
def started(command=('run', '--no-gpu', '--', 'sleep', '600')):
    """A zerocopy at work; without more, one whose guest would sleep for long."""
    # A shell starts what it puts into the background with SIGINT ignored, and that would be inherited.
    process = subprocess.Popen([paths.REPO / 'zerocopy', *command], text=True,
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def processes_of(zerocopy):
    """{name: pid} of what works in the run folder of the zerocopy process with this PID: QEMU, vgpu and its shell."""
    found = {}
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                folder = Path(os.readlink(entry / 'cwd'))  # seen from outside of the sandbox, it ends alike
                if folder.parts[-3:-1] == ('build', 'run') and folder.name.split('-')[2] == str(zerocopy):
                    words = [Path(word.decode()).name for word in (entry / 'cmdline').read_bytes().split(b'\0')]
                    name = QEMU if QEMU in words else words[0]
                    found[name] = int(entry.name)
    return found


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while not (value := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return value


def gone(zerocopy):
    """Wait for the end of all that a zerocopy process started; what is still there after that."""
    until(lambda: not processes_of(zerocopy), 5)
    return processes_of(zerocopy)
