# SPDX-License-Identifier: MIT
"""The guest itself, without a GPU: both kernels boot, and a command's output, input, status and files come through."""

import hashlib
import io
import os
import tempfile

from .. import dmesg, kernel, paths, vm
from ..errors import STATUS_TIMEOUT, Failure
from ..report import Stage

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
    expect(suite, 'guest time-out', vm.Guest(timeout_s=2), 'sleep 60', 'guest time-out', STATUS_TIMEOUT)
    expect(suite, 'guest panic', vm.Guest(timeout_s=60), 'echo c > /proc/sysrq-trigger', 'guest panic')
    expect(suite, 'sudden end', vm.Guest(timeout_s=60), 'echo o > /proc/sysrq-trigger; sleep 60', 'went down')
    left = [pid for pid in os.listdir('/proc') if pid.isdigit() and parent(pid) == os.getpid()]
    suite.check('no process is left', not left, f'children: {left}')


def expect(suite, name, guest, script, what, status=None):
    try:
        result, _, _ = capture(guest, script)
        suite.check(name, False, f'no failure, status {result.status}')
    except Failure as failure:
        suite.check(name, what in failure.what and status in (None, failure.status), str(failure))


def parent(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
            return int(stat.read().rpartition(')')[2].split()[1])
    except (OSError, IndexError):
        return 0
