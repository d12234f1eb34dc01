# SPDX-License-Identifier: MIT
"""mesa-patches/ one by one: after each patch crocus, iris and the state tracker are built, and at the end what they touch is
clean under -Werror, passes Mesa's own unit tests, and has iris emit the right commands.

There is no model of a GPU that iris drives. Mesa's own drm-shim stands in for its kernel and executes nothing, so that what
can be seen is what iris asks of the kernel, and its commands, as its own decoder prints them (tests/mesa/commands.c). What
the patches mend must be wrong before the first of them.
"""

import itertools
import json
import os
import re
import shlex
import subprocess
from concurrent import futures
from pathlib import Path

from .. import build, cache, mesa, paths, sandbox, series, sources
from ..report import Stage

OPTIONS = [
    *(option for option in mesa.OPTIONS if not option.startswith(('-Dgallium-drivers', '-Dllvm', '-Dbuild-tests'))),
    # LLVM compiles iris's own kernels.
    '-Dgallium-drivers=crocus,iris,softpipe', '-Dllvm=enabled', '-Ddraw-use-llvm=false', '-Dbuild-tests=true',
    '-Dtools=drm-shim,intel',
]
LIBRARIES = {
    'src/gallium/targets/dri/libgallium-{version}.so': 'lib', 'src/egl/libEGL_mesa.so.0.0.0': 'lib',
    'src/egl/libEGL_mesa.so.0': 'lib', 'src/gbm/libgbm.so.1.0.0': 'lib', 'src/gbm/libgbm.so.1': 'lib',
    'src/gbm/backends/dri/dri_gbm.so': 'lib/gbm',
}
SHIM = 'src/intel/tools/libintel_noop_drm_shim.so'
UNIT_TESTS = ['main-test', 'st_format_test', 'gallium-aux', 'u_prim_verts_test', 'xmlconfig', 'pipe_barrier_test']
VENDOR = '{"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_mesa.so.0"}}'

# GPUs with read-only pages and without.
PLATFORMS = ['skl', 'tgl']
OFFSET = 0x140
# What of the buffer the commands may name: its own bytes, and nothing before them.
USES = ['vertices', 'indices', 'push-constants', 'uniform-buffer', 'feedback', 'indirect', 'query', 'copy']
# Those whose address was right before the patches; see iris_blit.c, and for uniform buffers iris_program.c.
RIGHT_BEFORE = ['uniform-buffer', 'copy']
RUN_S = 60
COMMANDS, HUD = 'mesa_commands', 'mesa_hud'
# Of tests/mesa/hud.c, what does not look at pixels: nothing is executed here.
HUD_TEST = '0019-objects'
# The patch that has iris count them.
COUNTS = '0047-'

# The patch that keeps objects over client memory, and what is done with them then: tests/mesa/commands.c, transfers().
KEEPS = '0045-'
KEPT = {
    'read': '1:made 1:there 1:written 1:there 1:written',
    'elsewhere': '2:made 2:there 2:written',
    'upload': '3:made-read-only 3:there 3:read 3:there 3:read',
    'read-again': '1:there 1:written',
    'gone': '1:lost 1:closed copied',
    'there-again': '4:made 4:there 4:written',
}
NOT_KEPT = {
    'read': '1:made 1:there 1:written 1:closed 2:made 2:there 2:written 2:closed',
    'elsewhere': '3:made 3:there 3:written 3:closed',
    'upload': '4:made-read-only 4:there 4:read 4:closed 5:made-read-only 5:there 5:read 5:closed',
    'read-again': '6:made 6:there 6:written 6:closed',
    'gone': '7:made 7:lost 7:closed copied',
    'there-again': '8:made 8:there 8:written 8:closed',
}
PINNED = '{0}:made {0}:there {0}:closed {1}:made {1}:there {1}:closed'
OBJECTS = 8  # INTEL_USERPTR_CACHE_OBJECTS
IMAGE = 64 * 64 * 4


class Tree:
    """A source tree that gets the series patch by patch, and what is built of it."""

    def __init__(self):
        source = sources.mesa()
        self.pristine, self.version = source / 'tree', sources.version(source)
        self.folder = paths.cache() / 'mesa-tree' / f'series-{cache.digest([self.version, OPTIONS])}'
        self.source, self.objects = self.folder / 'source', self.folder / 'objects'
        self.env = {'CC': 'ccache gcc', 'CXX': 'ccache g++', 'CCACHE_BASEDIR': str(self.folder)}
        self.release = (self.pristine / 'VERSION').read_text(encoding='utf-8').strip()

    def lay(self, patches, files):
        self.objects.mkdir(parents=True, exist_ok=True)
        series.update(self.source, self.pristine, patches, f'Mesa {self.version}', files)

    def build(self, stage, name):
        if not (self.objects / 'build.ninja').exists():
            sandbox.run(['meson', 'setup', *OPTIONS, self.objects, self.source], 'configuring Mesa', 'mesa-series-config',
                        env=self.env)
        targets = [*(library.format(version=self.release) for library in LIBRARIES if not library.endswith(('.so.0', '.so.1'))),
                   SHIM]

        def on_line(line):
            match = re.match(r'\[(\d+)/(\d+)\]', line or '')
            if match:
                stage.progress(note=f'{name}: {match[1]} of {match[2]}')

        sandbox.run(['ninja', '-C', self.objects, f'-j{os.cpu_count()}', *targets], f'building Mesa with {name}',
                    'mesa-series', on_line, env=self.env)

    def prefix(self):
        """A folder as Mesa would be installed to."""
        folder = self.folder / 'usr'
        for library, where in LIBRARIES.items():
            built = self.objects / library.format(version=self.release)
            link = folder / where / built.name
            link.parent.mkdir(parents=True, exist_ok=True)
            link.unlink(missing_ok=True)
            link.symlink_to(built)
        vendor = folder / 'share/glvnd/egl_vendor.d/50_mesa.json'
        vendor.parent.mkdir(parents=True, exist_ok=True)
        vendor.write_text(VENDOR, encoding='utf-8')
        return folder


def run(suite):
    patches, files = series.patches(mesa.PATCHES), mesa.overlay()
    build.configure('release')
    folder = build.ninja('release', [f'tests/mesa/{name}' for name in (COMMANDS, HUD)]) / 'tests/mesa'
    program = folder / COMMANDS
    tree = Tree()
    with cache.lock('mesa-tree-series'):
        with Stage(f'mesa-series: {len(patches)} patches, one by one') as stage:
            tree.lay([], {})
            tree.build(stage, 'no patch')
            before(suite, tree, program)
            for number in range(len(patches)):
                stage.progress(number, len(patches), patches[number].name)
                if patches[number].name.startswith(KEEPS):
                    transfers(suite, f'iris before {patches[number].name}', tree, program, PLATFORMS[0], False, False,
                              RELEASES_IDLE='1')
                if patches[number].name.startswith(COUNTS):
                    hud(suite, f'iris before {patches[number].name}', tree, folder / HUD, PLATFORMS[0], False)
                tree.lay(patches[:number + 1], files)
                try:
                    tree.build(stage, patches[number].name)
                    suite.check(f'builds: {patches[number].name}', True)
                except Exception as failure:  # the next one may mend it, which is what must not be
                    suite.check(f'builds: {patches[number].name}', False, str(failure))
        with Stage('mesa-series: what the patches touch, under -Werror'):
            warnings(suite, tree, patches, files)
        with Stage('mesa-series: Mesa\'s own tests'):
            own_tests(suite, tree)
        with Stage('mesa-series: iris on Mesa\'s drm-shim'):
            after(suite, tree, program)
            for platform in PLATFORMS:
                hud(suite, f'iris on {platform}', tree, folder / HUD, platform, True)


def warnings(suite, tree, patches, files):
    """Each touched file is compiled once more, as the build does for each generation of GPUs."""
    names = set(files).union(*[series.touched(patch) for patch in patches])
    touched = {str(tree.source / name): name for name in names if name.endswith('.c')}
    scratch = tree.folder / 'werror'
    scratch.mkdir(exist_ok=True)
    jobs, seen = [], set()
    for number, entry in enumerate(json.loads((tree.objects / 'compile_commands.json').read_text(encoding='utf-8'))):
        name = touched.get(os.path.normpath(Path(entry['directory']) / entry['file']))
        if name:
            words = shlex.split(entry['command'])
            words[words.index('-o') + 1] = str(scratch / f'{number}.o')
            jobs.append((name, entry['output'], [*words, '-Werror']))
            seen.add(name)
    suite.check('every touched file is compiled', seen == set(touched.values()), f'not {set(touched.values()) - seen}')

    def compile_one(job):
        done = subprocess.run(sandbox.command(job[2], cwd=tree.objects, env=tree.env), check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout

    with futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (name, output, _), (status, text) in zip(jobs, pool.map(compile_one, jobs)):
            suite.check(f'-Werror: {name} ({Path(output).parent.name})', status == 0, text)


def own_tests(suite, tree):
    done = subprocess.run(sandbox.command(['meson', 'test', '-C', tree.objects, *UNIT_TESTS], env=tree.env), check=False,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    for name in UNIT_TESTS:
        suite.check(f'Mesa\'s {name}', re.search(rf'{name}\s+OK\b', done.stdout) is not None, done.stdout[-3000:])


def commands(tree, program, platform, use, offset=OFFSET, **variables):
    return on_iris(tree, platform, [program, use, hex(offset)], variables)


def on_iris(tree, platform, argv, variables):
    """(status, output) of a command on iris and the shim; the status is None if it took too long."""
    env = {'LD_PRELOAD': tree.objects / SHIM, 'INTEL_STUB_GPU_PLATFORM': platform, 'MESA_LOADER_DRIVER_OVERRIDE': 'iris',
           'EGL_PLATFORM': 'surfaceless', 'MESA_SHADER_CACHE_DISABLE': '1', 'INTEL_DEBUG': 'bat,submit',
           **mesa.environment(tree.prefix()), **variables}
    words = ['env', *(f'{name}={value}' for name, value in env.items()), *argv]
    try:
        done = subprocess.run(sandbox.command(words), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, timeout=RUN_S)
    except subprocess.TimeoutExpired as late:
        return None, (late.stdout or b'').decode(errors='replace')
    return done.returncode, done.stdout.decode(errors='replace')


def addresses(output):
    """The offsets in the user's buffer that commands name, or None if no batch has that buffer."""
    found = re.search(r'\buser\s+@ 0x([0-9a-f]+) \(.*?(\d+)B\)', output)
    if not found:
        return None
    low = (1 << 48) - 1  # some addresses are printed without their sign
    start, size = int(found[1], 16) & low, int(found[2])
    values = (int(value, 16) & low for value in re.findall(r'(?m)^\s+[A-Z][\w \[\].]*: 0x([0-9a-f]+)\s*$', output))
    return {value - start for value in values if start <= value < start + size}


def right(output):
    """Whether the commands access the buffer, and from its first byte on only."""
    found = addresses(output)
    return bool(found) and min(found) == OFFSET


def shown(output):
    return f'offsets {addresses(output)}\n{output[-2000:]}'


def before(suite, tree, program):
    """What is wrong without the patches."""
    for use in USES:
        _, output = commands(tree, program, PLATFORMS[0], use)
        suite.check(f'iris without patches: {use}', right(output) == (use in RIGHT_BEFORE), shown(output))
    status, output = commands(tree, program, PLATFORMS[0], 'submit')
    suite.check('iris without patches: aborts when memory is gone', status not in (0, None) and 'next batch' not in output,
                output[-2000:])
    _, output = commands(tree, program, PLATFORMS[0], 'map', 0, GALLIUM_THREAD='1')
    suite.check('iris without patches: the first map does not wait', not submits_to_map(output), output[-2000:])
    _, output = commands(tree, program, PLATFORMS[0], 'vertices', OFFSET + 4)
    suite.check('iris without patches: takes any address', 'refused' not in output, output[-2000:])


def submits_to_map(output):
    return ' flush with ' in output.partition('mapping\n')[2].partition('mapped\n')[0]


class Transfers:
    """What tests/mesa/commands.c has told of objects over client memory, as the words of each step.

    A handle names another object once its object is closed, so they have numbers, in the order in which they were made,
    from 1 in the first step that is looked at; 0 is what was there before.
    """

    def __init__(self, output):
        self.steps, self.left, self.wrong = {}, {}, []
        numbers, self.made = {}, 0
        flags, addresses = {}, {}
        step = None
        for words in (line.split() for line in output.splitlines()):
            if words[:1] == ['step']:
                step = words[1]
                self.steps[step] = []
            elif words == ['copied']:
                self.steps[step].append('copied')
            elif len(words) == 5 and words[0] == 'object':
                handle, what, read_only, address = words[1], words[2], int(words[3], 16) == 1, int(words[4], 16)
                if what == 'made':
                    self.made += step not in (None, 'first')
                    numbers[handle] = self.made
                    flags[handle] = read_only
                self.steps.setdefault(step, []).append(
                    f'{numbers[handle]}:{what}{"-read-only" if what == "made" and read_only else ""}')
                if what == 'written' and flags[handle]:
                    self.wrong.append(f'{handle} is read-only')
                if what in ('written', 'read'):
                    if addresses.setdefault(handle, address) != address:
                        self.wrong.append(f'{handle} has moved')
                    if any(abs(address - other) < IMAGE for name, other in addresses.items() if name != handle):
                        self.wrong.append(f'{handle} is where another is')
                if what == 'closed':
                    del numbers[handle]
                    addresses.pop(handle, None)
            self.left[step] = len(numbers)

    def words(self, step):
        return ' '.join(self.steps.get(step, []))


def transfers(suite, name, tree, program, platform, keeps, counts=True, **variables):
    """Whether client memory is wrapped for each transfer or, if the driver `keeps` objects, again only if it must be."""
    for use in ('transfers', 'transfers-without-read-only'):
        status, output = commands(tree, program, platform, use, 0, INTEL_DEBUG='userptr', **variables)
        seen = Transfers(output)
        text = f'{seen.steps}\n{seen.left}\n{seen.wrong}\n{output[-500:]}'
        for step, words in (KEPT if keeps else NOT_KEPT).items():
            wanted = words if use == 'transfers' else words.replace('-read-only', '')
            suite.check(f'{name}: {use}: {step}', seen.words(step) == wanted, f'not {wanted}\n{text}')
        # One is the pinned buffer.
        suite.check(f'{name}: {use}: many', seen.left.get('many') == 1 + (OBJECTS if keeps else 0), text)
        suite.check(f'{name}: {use}: nothing is closed while the GPU uses it', 'closed' not in seen.words('busy') and
                    seen.words('busy').count('made') == 12, text)
        suite.check(f'{name}: {use}: late', seen.left.get('late') == 1 + keeps, text)
        last = seen.made
        suite.check(f'{name}: {use}: pinned buffers', seen.words('pinned') == PINNED.format(last - 1, last), text)
        suite.check(f'{name}: {use}: end', status == 0 and 'done' in output and seen.left.get('end') == 0, text)
        suite.check(f'{name}: {use}: addresses and uses', not seen.wrong, text)
        if counts:
            report(suite, f'{name}: {use}: INTEL_DEBUG=userptr', output, keeps)
    status, output = commands(tree, program, platform, 'transfers-of-threads', 0, INTEL_DEBUG='', **variables)
    seen = Transfers(output)
    suite.check(f'{name}: threads', status == 0 and seen.left.get('end') == 0 and not seen.wrong and
                (seen.made <= 40 if keeps else seen.made == 800),
                f'{seen.made} made\n{seen.left}\n{seen.wrong}\n{output[-2000:]}')


def report(suite, name, output, keeps):
    """Whether what iris says at the end is what the program has seen."""
    said = re.search(r'userptr: (\d+) objects made, (\d+) kept ones used again; (\d+) bytes in place by the GPU, '
                     r'(\d+) bytes of images by the CPU', output)
    objects, hits, gpu_bytes, cpu_bytes = map(int, said.groups()) if said else (-1,) * 4
    uses = sum(len(re.findall(rf'(?m)^object \S+ {what} ', output)) for what in ('read', 'written'))
    copies = len(re.findall('(?m)^copied$', output))
    # Those of which the pages were there at once: one is made to see what the kernel can do, and one is lost.
    made, new = 0, set()
    for handle, what in re.findall(r'(?m)^object (\S+) (\w+) ', output):
        made += handle in new and what == 'there'
        new = new | {handle} if what == 'made' else new - {handle}
    suite.check(name, objects == made and (hits > 0) == keeps and gpu_bytes == uses * IMAGE and cpu_bytes == copies * IMAGE,
                f'{objects} made, {hits} used again, {gpu_bytes} by the GPU for {uses} uses, {cpu_bytes} by the CPU for '
                f'{copies}\n{output[-500:]}')


def after(suite, tree, program):
    for platform, use in itertools.product(PLATFORMS, USES):
        status, output = commands(tree, program, platform, use)
        suite.check(f'iris on {platform}: {use}', status == 0 and right(output), shown(output))
    for platform in PLATFORMS:
        status, output = commands(tree, program, platform, 'submit')
        text = output.partition('next batch\n')[2]
        suite.check(f'iris on {platform}: memory that is gone', status == 0 and 'iris: dropped a batch' in output and
                    'query 0\n' in output and 'STATE_BASE_ADDRESS' in text and '3DPRIMITIVE' in text, output[-2000:])
        status, output = commands(tree, program, platform, 'map', 0, GALLIUM_THREAD='1')
        suite.check(f'iris on {platform}: the first map waits', status == 0 and submits_to_map(output), output[-2000:])
        status, output = commands(tree, program, platform, 'vertices', OFFSET + 4)
        suite.check(f'iris on {platform}: an address that cannot be bound', 'refused' in output, output[-2000:])
        for use, flags in (('upload', ['0x1']), ('upload-without-read-only', ['0x1', '0'])):
            status, output = commands(tree, program, platform, use)
            found = re.findall('userptr flags (.*)', output.partition('uploading\n')[2])
            suite.check(f'iris on {platform}: {use}', status == 0 and found == flags, f'{found}\n{output[-2000:]}')
        transfers(suite, f'iris on {platform}, pages kept when idle', tree, program, platform, False)
        transfers(suite, f'iris on {platform}, pages released when idle', tree, program, platform, True,
                  RELEASES_IDLE='1')


def hud(suite, name, tree, program, platform, counts):
    """Whether GALLIUM_HUD shows objects over client memory."""
    status, output = on_iris(tree, platform, [program, HUD_TEST], {'INTEL_DEBUG': ''})
    shows = status == 0 and f'ok 1 - {HUD_TEST}' in output
    suite.check(f'{name}: the HUD {"counts" if counts else "does not count"} objects', shows == counts, output[-2000:])
