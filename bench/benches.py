# SPDX-License-Identifier: MIT
"""The benchmarks. Each is a function that takes a Machine and returns Figures."""

import os
import threading
import time
from pathlib import Path

from tools.errors import Failure

from .figures import Figure, Samples, parse
from .transfers import transfers

MIB = 1 << 20
BLT_SIZES = [4 * MIB, 16 * MIB, 64 * MIB]
BLT_GOALS = {'linear': 0.8}
BLT_GOAL_TILED = 0.4
USERPTR_PAGES = [1, 16, 256, 4096, 16384]
# i915 goes idle some seconds after its last work: until then it is not the idle GPU that would be seen.
IDLE_SETTLES_S = 8
IDLE_S = 10
IDLE_GOAL_PERCENT = 1
GL_GOAL = 1.0
GL_CASES = ('fill-1080p', '100k-triangles', 'upload-16MiB', 'read-back-16MiB')
GL_GOAL_OF_MEMCPY = 0.3
GL_CASES_OF_MEMCPY = ('clear-16MiB', 'blit-16MiB')
PAGE_BYTES = 4096


def gigabytes_a_second(size_bytes):
    return lambda seconds: size_bytes / seconds / 1e9


def blt(machine):
    """Blitter throughput against memcpy() of the same bytes by one thread of the host, measured just before."""
    baselines = {}

    def measure_memcpy(case):
        size = case.partition('/')[2]
        baselines[case] = parse(machine.on_host('bench-memcpy', size))[size]

    blits = parse(machine.in_guest('bench-blt', *map(str, BLT_SIZES), on_ready=measure_memcpy))
    figures = []
    for case, samples in blits.items():
        way, _, size = case.partition('/')
        speed = gigabytes_a_second(int(size))
        figures.append(Figure(f'blt/{way}/{int(size) // MIB} MiB', 'GB/s', samples.map(speed),
                              baselines[case].map(speed), goal=BLT_GOALS.get(way, BLT_GOAL_TILED),
                              notes={'baseline_is': 'memcpy, one thread, native on the host'}))
    return figures


def submit(machine):
    """Batches a second that do nothing."""
    return [Figure(f'submit/{name}', 'batches/s', samples)
            for name, samples in parse(machine.in_guest('bench-submit')).items()]


def userptr(machine):
    """GEM_USERPTR and the first use of it against memcpy() of the same pages, both by the guest's CPU."""
    seen = parse(machine.in_guest('bench-userptr', *map(str, USERPTR_PAGES)))
    figures = []
    for pages in USERPTR_PAGES:
        def per_page(seconds, pages=pages):
            return seconds / pages * 1e6

        submits = seen[f'submit/{pages}'].map(per_page)
        figures.append(Figure(f'userptr/{pages} pages', 'us/page', seen[f'wrap/{pages}'].map(per_page),
                              seen[f'memcpy/{pages}'].map(per_page), better='less',
                              notes={'baseline_is': 'memcpy, one thread, in the guest',
                                     'of_which_an_empty_batch': submits.summary()}))
    return figures


def descendants(pid):
    """PIDs of the processes that a process has started, and of those which they have started."""
    children = {}
    for entry in Path('/proc').iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / 'stat').read_text().rpartition(')')[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [pid]
    while todo:
        todo = [child for parent in todo for child in children.get(parent, [])]
        found += todo
    return found


def cpu_seconds(pid):
    """User and system time of a process."""
    fields = Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def vgpu_pid():
    for pid in descendants(os.getpid()):
        if Path(f'/proc/{pid}/comm').read_text().strip() == 'vgpu':
            return pid
    raise Failure('no vgpu process is running below this one')


def idle(machine):
    """CPU time of the GPU process while the guest has nothing for it to do."""
    percents = []
    trouble = []

    def watch():
        try:
            time.sleep(IDLE_SETTLES_S)
            pid = vgpu_pid()
            before, started = cpu_seconds(pid), time.monotonic()
            time.sleep(IDLE_S)
            percents.append(100 * (cpu_seconds(pid) - before) / (time.monotonic() - started))
        except (OSError, Failure) as error:
            trouble.append(str(error))

    watcher = threading.Thread(target=watch, daemon=True)
    # One batch, so that the GPU has been in use; then the guest sleeps for longer than we watch.
    sleep_s = IDLE_SETTLES_S + IDLE_S + 4
    machine.in_guest_shell(f'"$PROGRAMS"/bench-userptr 1 > /dev/null && echo idle && sleep {sleep_s}',
                           on_output=lambda _: watcher.is_alive() or percents or watcher.start())
    watcher.join(1)
    if not percents:
        raise Failure('the GPU process could not be watched', ' '.join(trouble))
    return [Figure('idle/vgpu', '% of a core', Samples(percents), better='less', goal=IDLE_GOAL_PERCENT,
                   notes={'watched_s': IDLE_S})]


def costs(machine):
    """What userptr costs with kernel-patches/, against the same kernel without. Both boot twice, in turn."""
    seen = {'unpatched': {}, 'patched': {}}
    for kind in ('unpatched', 'patched') * 2:
        for name, samples in parse(machine.on_kernel(kind).in_guest('bench-costs')).items():
            seen[kind].setdefault(name, Samples([])).values.extend(samples.values)
    figures = []
    for name, samples in seen['patched'].items():
        if not samples.values:
            raise Failure('the patched kernel did not release the pages of an idle object')
        before = seen['unpatched'][name]
        figures.append(Figure(f'costs/{name}', 'us', samples.map(lambda seconds: seconds * 1e6),
                              before.map(lambda seconds: seconds * 1e6) if before.values else None, better='less',
                              notes={'baseline_is': 'the same kernel without the patches' if before.values else
                                     'none: without the patches the pages were still pinned after 1 s'}))
    return figures


def gl(machine):
    """OpenGL on the in-process virtual GPU against softpipe, the same program, in turn, twice each."""
    seen = {driver: {} for driver in ('crocus', 'softpipe')}
    for driver in (*seen, *seen):
        for name, samples in parse(machine.gl(driver)).items():
            seen[driver].setdefault(name, Samples([])).values.extend(samples.values)

    def figure(name, baseline, baseline_is, goal, of):
        def per_second(seconds):
            return 1 / seconds

        ours, cpu, cpu_baseline = seen['crocus'][name], seen['crocus'][f'cpu/{name}'], of[f'cpu/{baseline}']
        return Figure(f'gl/{name}/{baseline_is}', '1/s', ours.map(per_second), of[baseline].map(per_second), goal=goal,
                      notes={'baseline_is': baseline_is, 'ratio_of_cpu_time': cpu_baseline.median / cpu.median})

    return [*(figure(name, name, 'softpipe', GL_GOAL, seen['softpipe']) for name in GL_CASES),
            *(figure(name, 'memcpy', 'memcpy', GL_GOAL_OF_MEMCPY, seen['crocus']) for name in GL_CASES_OF_MEMCPY)]


BENCHES = {'blt': blt, 'costs': costs, 'gl': gl, 'submit': submit, 'transfers': transfers, 'userptr': userptr,
           'idle': idle}
