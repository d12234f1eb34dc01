# SPDX-License-Identifier: MIT
"""mesa-patches/ on both kernels and in-process: piglit's amd_pinned_memory, and tests/mesa, which fail without the patches.

A test whose name begins with the number of a patch must pass on the patched Mesa and must fail on Debian's in the same
run, on Debian's kernel: one that passes on both shows nothing.
"""

import io
import itertools
import json
import re

from bench import run as benches, transfers

from .. import build, demo, inprocess, mesa, paths, vm
from ..report import Stage
from ..results import FAIL, PASS, SKIP, Case, Suite, add_tap
from . import gl, guest

# What asks the kernel for its counters, and has nothing to see on Debian's Mesa.
PATCHED_ONLY = ['mesa_cache']
ENVIRONMENT = {'EGL_PLATFORM': 'surfaceless', 'MESA_LOADER_DRIVER_OVERRIDE': 'crocus'}


class Quiet(Suite):
    """Collects results that are not verdicts yet."""

    def add(self, name, outcome, seconds=0.0, message=''):
        self.cases.append(Case(name, outcome, seconds, message))


def run(suite):
    build.configure('release')
    folder = build.ninja('release', build.executables('release', 'tests/mesa').values())
    programs = guest.parse((folder / 'tests/mesa/tests.list').read_text(encoding='utf-8'))
    others = [program for program in programs if program.name not in PATCHED_ONLY]
    for kernel in guest.KERNELS:
        for name, (outcome, message) in outcomes('patched', kernel, programs).items():
            suite.add(f'patched, {kernel} kernel: {name}', outcome, message=message)
    for name, (outcome, message) in outcomes('debian', 'stock', others).items():
        if re.search(r'/\d{4}-', name):
            suite.check(f'debian: {name} fails', outcome == FAIL, f'{outcome}\n{message}')
        else:
            suite.add(f'debian: {name}', PASS if outcome in (PASS, SKIP) else FAIL, message=message)
    preload, variables = inprocess.library(), mesa.environment(mesa.get('patched'))
    for kernel, program in itertools.product(guest.KERNELS, others):
        status, output = inprocess.capture([program.path], preload, program.timeout_s,
                                           {**variables, 'VGPU_DRM_SHIM_KERNEL': kernel})
        add_tap(suite, f'in-process, as the {kernel} kernel: {program.name}', output, status)
        suite.check(f'in-process, as the {kernel} kernel: {program.name} met nothing unmodelled',
                    'vgpu in-process: fault' not in output, output)
    status, output = inprocess.capture([str(folder / 'tests/mesa/mesa_example')], preload, 60, variables)
    suite.check('the example of docs/usage.md', status == 0 and 'nothing was copied' in output, output)
    suite.check('docs/usage.md has the example as it is', (paths.REPO / 'tests/mesa/example.c').read_text(encoding='utf-8')
                in (paths.REPO / 'docs/usage.md').read_text(encoding='utf-8'))
    meter(suite)
    third_column(suite, {}, 0)
    third_column(suite, {'zerocopy_texsubimage': '0', 'zerocopy_readpixels': '0'}, 1)
    for kernel in guest.KERNELS:
        gl.on_mesa(suite, 'patched', [test for test in gl.TESTS if test.startswith('amd_pinned_memory')], kernel)


def meter(suite):
    """What `zerocopy bench transfers` counts with: it sees the copies of Debian's Mesa, and that there are none here."""
    machine = benches.Machine(vm.Guest(kernel='stock', vgpu=build.vgpu()))
    transfer, image_bytes = 'readpixels/memory/256x256/idle', 256 * 256 * 4
    copied = {kind: transfers.parse(machine.metered('bench-transfers', kind, transfer))[transfer]['copied']
              for kind in ('debian', 'patched')}
    # memcpy() may store the last bytes twice.
    suite.check('meter: Debian\'s Mesa copies twice', 0 <= copied['debian'] - 2 * image_bytes < 4096, str(copied))
    suite.check('meter: the patched Mesa copies nothing', copied['patched'] == 0, str(copied))


def third_column(suite, variables, expected):
    """The demo's column of the patched Mesa: it has copied nothing, or all with its options off, which is a failure."""
    name = ' '.join(f'{option}={value}' for option, value in variables.items()) or 'by default'
    out = paths.BUILD / 'demo-test/third-column'
    with Stage(f'mesa: the demo, {name}'):
        status, = demo.run(vm.Guest(kernel='stock', vgpu=build.vgpu()), [(demo.OPENGL, demo.PICTURE, out)], variables)
    if not variables:
        demo.instructions(vm.Guest(kernel='stock', vgpu=build.vgpu()), out)
    report = json.loads((out / 'report.json').read_text(encoding='utf-8'))
    for transfer in ('upload', 'read_back') if not variables else ():
        counts = [report[way][f'{transfer}_instructions'] for way in ('client', 'in_place')]
        # Copied, it is no fewer than one instruction for 16 bytes.
        suite.check(f'demo, {name}: instructions, {transfer}', counts[0] >= report[f'{transfer}_bytes'] / 16 and
                    counts[1] <= transfers.MOST_INSTRUCTIONS, str(counts))
    sizes = report['upload_bytes'], report['read_back_bytes']
    zero = 0, 0
    column = report['in_place']
    suite.check(f'demo, {name}: exit status', status == expected, f'{status}, not {expected}')
    for who, moved in (('cpu', sizes if expected else zero), ('gpu', zero if expected else sizes)):
        found = column[f'uploaded_by_{who}'], column[f'read_back_by_{who}']
        suite.check(f'demo, {name}: bytes by the {who}', found == moved, f'{found}, not {moved}')


def outcomes(kind, kernel, programs):
    """{program/test: (outcome, message)} of these programs on this Mesa and kernel."""
    out = io.BytesIO()
    with Stage(f'mesa: {len(programs)} programs on crocus ({kind}) and the {kernel} kernel') as stage:
        def listen(data):
            out.write(data)
            stage.progress(note=data.decode(errors='replace').strip().splitlines()[-1:][0] if data.strip() else '')

        machine = vm.Guest(kernel=kernel, vgpu=build.vgpu(), mesa=kind,
                           timeout_s=guest.SLACK_S + sum(program.timeout_s for program in programs))
        vm.run(machine, ['sh', '-c', guest.script(programs, ENVIRONMENT)], listen)
    outputs = guest.outputs_of(out.getvalue().decode(errors='replace'))
    found = Quiet(kind)
    for program in programs:
        text, status = outputs.get(program.name, ('', None))
        if status is None:
            found.add(program.name, FAIL, message=f'did not end\n{text}')
        else:
            add_tap(found, program.name, text, status)
    return {case.name: (case.outcome, case.message) for case in found.cases}
