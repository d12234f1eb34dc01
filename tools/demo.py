# SPDX-License-Identifier: MIT
"""The demos, in the guest: a picture's own memory is uploaded, drawn and read back by OpenGL; or it goes from malloc'ed
memory through the GPU's blitter into other such memory.
"""

import filecmp
import json
import shlex
import shutil

from bench import run as benches, transfers

from . import build, cache, mesa, paths, vm
from .errors import Failure
from .report import Stage

PICTURE = build.folder('release') / 'demo/picture.png'  # drawn by demo/make_picture.c
OPENGL, BLITTER = 'zerocopy-demo-gl', 'zerocopy-demo'
PRODUCTS = ('source.png', 'result.png', 'report.json')
LIMIT_S = 600
# The columns of the demo with OpenGL: {key in its report: (heading, client of bench-transfers, Mesa)}.
WAYS = {
    'client': ('client memory', 'memory', 'debian'),
    'pinned': ('pinned memory', 'pinned', 'debian'),
    'in_place': ('client, patched', 'memory', 'patched'),
}


def run(guest, jobs, patched=None):
    """Run a program of demo/ on each (program, image, out) of the jobs in one guest; the list of exit statuses.

    out gets source.png, result.png and report.json. A status is 0 only if the pictures agree. With patched, a dict of
    further variables, the one with OpenGL also transfers client memory by the patched Mesa.
    """
    if patched is not None:
        guest.shares = [*guest.shares, mesa.get('patched')]
    for program in sorted({program for program, _, _ in jobs}):
        build.program('release', 'demo', program, PICTURE)
    with cache.lock('demo', base=paths.BUILD):
        return run_locked(guest, jobs, further(patched))


def further(patched):
    """{program: what it is told beyond its job}."""
    variables = {} if patched is None else {**mesa.environment(mesa.get('patched')), **patched}
    return {OPENGL: [f'--patched={name}={value}' for name, value in variables.items()]}


def run_locked(guest, jobs, arguments):
    """Images and products cross through build/demo, which the guest sees at its own path."""
    exchange = paths.BUILD / 'demo'
    shutil.rmtree(exchange, ignore_errors=True)
    script = []
    for index, (program, image, out) in enumerate(jobs):
        folder = exchange / str(index)
        folder.mkdir(parents=True)
        try:
            shutil.copyfile(image, folder / 'input.png')
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Failure(f'{error.filename}: {error.strerror}', todo='name another one', status=2) from error
        path = build.folder('release') / 'demo' / program
        words = shlex.join([str(path), str(folder / 'input.png'), '--out', str(folder), *arguments.get(program, [])])
        script.append(f'{words}; echo $? > {shlex.quote(str(folder / "status"))}')
    guest.timeout_s = guest.timeout_s or LIMIT_S * len(jobs)
    result = vm.run(guest, ['sh', '-c', '\n'.join(script)])
    return [take(program, exchange / str(index), out, result) for index, (program, _, out) in enumerate(jobs)]


def instructions(guest, out):
    """Count the instructions that each way takes, in-process, as `zerocopy bench transfers` does; print and report them.

    One call of glTexSubImage2D and one of glReadPixels of the demo's sizes, with the glFinish() behind each.
    """
    file = out / 'report.json'
    report = json.loads(file.read_text(encoding='utf-8'))
    machine = benches.Machine(guest)
    sizes = {'upload': ('texsubimage', report['width'], report['height']),
             'read_back': ('readpixels', report['drawing_width'], report['drawing_height'])}
    rows = {}
    for name, (operation, width, height) in sizes.items():
        row = rows[name] = []
        for way, (heading, client, kind) in WAYS.items():
            case = f'{operation}/{client}/{width}x{height}/idle'
            with Stage(f'demo: instructions of {case}, {heading}'):
                counted = transfers.parse(machine.metered('bench-transfers', kind, case))[case]
            report[way][f'{name}_instructions'] = int(counted['instructions'])
            row.append(int(counted['instructions']))
    file.write_text(json.dumps(report, indent=2) + '\n', encoding='utf-8')
    print(f'\n  {"instructions of the application":44}', *(f'{heading:>15}' for heading, _, _ in WAYS.values()))
    for name, row in rows.items():
        print(f'  {"   " + name.replace("_", "-"):44}', *(f'{value:15}' for value in row))
    print('\n  By a tool of Valgrind, in-process; what happens behind an ioctl is left out.\n')


def take(program, folder, out, result):
    """Copy a job's products to where they are wanted, and see that they are what its status says; the status."""
    file = folder / 'status'
    if not file.exists():
        raise Failure('the demo did not end', todo=f'see {result.folder}')
    status = int(file.read_text(encoding='utf-8'))
    for name in PRODUCTS:
        if (folder / name).exists():
            shutil.copyfile(folder / name, out / name)
    missing = [name for name in PRODUCTS if not (folder / name).exists()]
    if status == 0 and missing:
        raise Failure('the demo ended well and left no ' + ', '.join(missing), todo=f'see {result.folder}')
    if status == 0 and program == OPENGL:
        report = json.loads((folder / 'report.json').read_text(encoding='utf-8'))
        if not report['drawings_agree'] or not all(way['texture_agrees'] for way in report.values()
                                                    if isinstance(way, dict)):
            raise Failure('the demo says that all agree, and its report does not', f'see {out}', status=1)
    # One encoder wrote both pictures: the same pixels are the same file.
    if status == 0 and program == BLITTER and not filecmp.cmp(folder / 'source.png', folder / 'result.png', shallow=False):
        raise Failure('the demo says that the pictures agree, and they differ', f'see {out}', status=1)
    return status
