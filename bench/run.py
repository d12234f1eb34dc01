# SPDX-License-Identifier: MIT
"""`zerocopy bench`: measures, prints a table, writes JSON and plots.

Times are only worth something beside others of the same run: so there are ratios. Goals that are not met are said and
are no failure, because a busy machine is no defect.
"""

import copy
import dataclasses
import io
import json
import os
import platform
import time

from tools import build, inprocess, mesa, paths, proc, sandbox, vm
from tools.errors import Failure
from tools.report import Stage, say

from . import plot
from .benches import BENCHES, BLT_GOAL_TILED, BLT_GOALS
from .transfers import MOST_INSTRUCTIONS_OF_STOCK, Case

GUEST_LIMIT_S = 600


class Clock:
    """Compares the guest's clock, by which it measures, with the host's: on a busy host its TSC may be misjudged."""

    SCRIPT = """
        read now rest < /proc/uptime; echo "clock $now" >&2
        "$@"; status=$?
        read now rest < /proc/uptime; echo "clock $now" >&2
        exit $status"""
    # How late a line may be that has come from the guest.
    SLACK_S = 2
    TOLERANCE = 0.05

    def __init__(self):
        self.rest = b''
        self.seen = []  # (guest, host)

    def around(self, argv):
        """The command that says what time it is in the guest, on stderr, before and after argv."""
        return ['sh', '-c', self.SCRIPT, 'sh', *argv]

    def listen(self, data):
        """What the guest writes to stderr; all but the time is handed on."""
        *lines, self.rest = (self.rest + data).split(b'\n')
        for line in lines:
            word, _, value = line.partition(b' ')
            if word == b'clock':
                self.seen.append((float(value), time.monotonic()))
            else:
                say(line.decode(errors='replace'))

    def check(self, result):
        """Raise a Failure if what was measured in the guest is worth nothing."""
        (guest_before, host_before), (guest_after, host_after) = self.seen
        guest, host = guest_after - guest_before, host_after - host_before
        if abs(guest - host) > self.TOLERANCE * host + self.SLACK_S:
            raise Failure(f'the guest\'s clock is wrong: it counted {guest:.1f} s in {host:.1f} s of the host',
                          f'its kernel misjudged the TSC when it booted on a busy host (see {result.folder}/dmesg.txt)',
                          'run it again, with less else to do')


class Machine:
    """Where benchmark programs run: in the guest, and natively on the host (in the Debian root)."""

    def __init__(self, guest):
        self.guest = guest
        self.guest.timeout_s = self.guest.timeout_s or GUEST_LIMIT_S
        build.configure('release')
        self.programs = build.executables('release', 'bench')
        build.ninja('release', self.programs.values())
        self.folder = next(iter(self.programs.values())).parent

    def in_guest(self, program, *arguments, on_ready=None):
        """Run a program in the guest; what it prints.

        on_ready(CASE) is called when it prints "ready CASE"; it gets a line on stdin and goes on when that returns.
        """
        reader, writer = os.pipe()
        rest = b''

        def listen(data):
            nonlocal rest
            *lines, rest = (rest + data).split(b'\n')
            for line in lines:
                word, _, case = line.decode().partition(' ')
                if word == 'ready' and on_ready:
                    on_ready(case)
                    os.write(writer, b'\n')

        try:
            with open(reader, 'rb', buffering=0) as stdin:
                return self._run([self.programs[program], *arguments], listen, stdin)
        finally:
            os.close(writer)

    def in_guest_shell(self, script, on_output):
        """Run a shell script in the guest, where $PROGRAMS is the programs' folder; on_output gets what it prints."""
        return self._run(['env', f'PROGRAMS={self.folder}', 'sh', '-c', script], on_output)

    def on_kernel(self, kind):
        """The same machine with another kernel."""
        other = copy.copy(self)
        other.guest = dataclasses.replace(self.guest, kernel=kind)
        return other

    def gl_in_guest(self, program, kind):
        """Run a program of OpenGL in the guest on this Mesa; what it prints."""
        other = copy.copy(self)
        other.guest = dataclasses.replace(self.guest, mesa=kind)
        return other._run(['env', 'MESA_LOADER_DRIVER_OVERRIDE=crocus', self.programs[program]], lambda data: None)

    def metered(self, program, kind, *arguments, env=None):
        """Run a program of OpenGL in-process on this Mesa under the tool of meter.c; what it prints."""
        prefix = mesa.get(kind)
        # Valgrind looks for a tool where its own are; the program's own sandbox has a /tmp of its own.
        script = ('mkdir /tmp/valgrind && ln -s /usr/libexec/valgrind/* "$0" /tmp/valgrind && exec "$@"')
        variables = {**inprocess.environment(inprocess.library()), **(mesa.environment(prefix) if prefix else {}),
                     **(env or {}), 'VALGRIND_LIB': '/tmp/valgrind', 'GALLIUM_THREAD': '1',
                     'VGPU_DRM_SHIM_KERNEL': 'stock' if self.guest.kernel == 'stock' else 'patched'}
        words = ['sh', '-c', script, self.programs['meter-amd64-linux'], 'env',
                 *(f'{name}={value}' for name, value in variables.items()), 'valgrind', '--tool=meter', '-q',
                 self.programs[program], *arguments]
        return proc.output(sandbox.command(words), f'{program} under Valgrind')

    def _run(self, argv, on_output, stdin=None):
        out = io.BytesIO()
        clock = Clock()

        def listen(data):
            out.write(data)
            on_output(data)

        result = vm.run(self.guest, clock.around(argv), listen, clock.listen, stdin)
        if result.status:
            raise Failure(f'{argv[0]} failed in the guest (status {result.status})', todo=f'see {result.folder}')
        clock.check(result)
        return out.getvalue().decode()

    def on_host(self, program, *arguments):
        """Run a program on the host; what it prints."""
        return sandbox.output([self.programs[program], *arguments], program)

    def gl(self, driver):
        """Run bench-gl on the host: on the in-process virtual GPU (crocus), or on softpipe; what it prints."""
        program = self.programs['bench-gl']
        if driver == 'crocus':
            return proc.output(inprocess.command([program, 'Intel'], inprocess.library()), 'bench-gl on the virtual GPU')
        return sandbox.output([program, driver], f'bench-gl on {driver}', env=inprocess.software(driver))


def draw(figures, folder):
    """The plots of what there is to plot."""
    drawn = []
    blits = [figure for figure in figures if figure.name.startswith('blt/')]
    if blits:
        drawn.append(folder / 'blt.png')
        plot.bars(blits, drawn[-1], 'Virtual blitter against memcpy() on the host, 32 bpp', 'throughput, memcpy() = 1',
                  [(way, goal) for way, goal in BLT_GOALS.items()] + [('tiled', BLT_GOAL_TILED)])
    wraps = [figure for figure in figures if figure.name.startswith('userptr/')]
    if wraps:
        drawn.append(folder / 'userptr.png')
        plot.bars(wraps, drawn[-1], 'GEM_USERPTR and first use against memcpy() of the same pages, in the guest',
                  'time, memcpy() = 1', logarithmic=True)
    for operation in ('readpixels', 'getteximage', 'texsubimage'):
        calls = [case.figure() for case in figures if isinstance(case, Case) and not case.forced
                 and case.name.startswith(f'{operation}/')]
        if calls:
            drawn.append(folder / f'transfers-{operation}.png')
            plot.bars(calls, drawn[-1], f'Instructions of the application, {operation}, patched Mesa against Debian\'s',
                      'instructions, Debian\'s Mesa = 1', [('no slower', MOST_INSTRUCTIONS_OF_STOCK)], logarithmic=True)
    return drawn


def main(guest, names=(), json_file=None):
    """Run the benchmarks with these names (all without names); the exit status.

    guest is a tools.vm.Guest. json_file (default: build/bench/bench.json) gets all figures; plots stand beside it.
    """
    unknown = [name for name in names if name not in BENCHES]
    if unknown:
        raise Failure('no benchmark named ' + ', '.join(unknown), todo='choose from: ' + ' '.join(BENCHES), status=2)
    json_file = json_file or paths.BUILD / 'bench/bench.json'
    folder = paths.BUILD / 'bench'
    for place in (folder, json_file.parent):
        place.mkdir(parents=True, exist_ok=True)
    machine = Machine(guest)
    figures = []
    for name in names or BENCHES:
        with Stage(f'bench: {name}'):
            figures += BENCHES[name](machine)
    heading = None
    for figure in figures:
        if figure.HEADING != heading:
            heading = figure.HEADING
            print(heading)
        print(figure.line())
    report = {'time': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()), 'host': platform.platform(),
              'kernel': guest.kernel, 'figures': [figure.to_json() for figure in figures]}
    json_file.write_text(json.dumps(report, indent=2) + '\n', encoding='utf-8')
    for path in [json_file, *draw(figures, folder)]:
        say(f'written: {path}')
    return 0
