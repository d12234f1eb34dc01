# SPDX-License-Identifier: MIT
"""The command line: subcommands and their options; the work is done by the other files here."""

import argparse
import contextlib
import os
import signal
import sys
from pathlib import Path

from . import cache, host, kernel, mesa, paths
from .errors import STATUS_INTERRUPTED, Failure
from .report import say
from .results import FAIL, Suite, last_line


def parser():
    top = argparse.ArgumentParser(prog='zerocopy', description='Zero-copy pixel transfers on Intel GPUs, proven on a '
                                  'virtual one: set up, build, run and test on any Debian machine.',
                                  epilog='Everything fetched or built is kept in the cache folder '
                                  '(~/.cache/zerocopy, or below $XDG_CACHE_HOME); logs and results are in build/.')
    commands = top.add_subparsers(dest='command', required=True, metavar='COMMAND')

    add(commands, setup, 'fetch and make everything that the other commands need; may be interrupted and resumed')

    command = add(commands, build, 'build one part, or all that has changed')
    command.add_argument('part', nargs='?', choices=list(BUILDERS), help='default: all')
    command.add_argument('--stock', action='store_true', help='with mesa: leave out mesa-patches/ and the new files')

    command = add(commands, demo, 'upload a picture to OpenGL, draw it and read it back, no byte copied by the CPU')
    machine_options(command)
    mesa_option(command)
    command.set_defaults(kernel='stock')
    command.add_argument('--blitter', action='store_true',
                         help='without OpenGL: from malloc to malloc by the kernel\'s interface and the GPU\'s blitter')
    command.add_argument('image', nargs='?', type=Path, help='a PNG (default: the bundled picture)')
    command.add_argument('--out', type=Path, metavar='DIR', default=paths.BUILD / 'demo-out',
                         help='where source.png, result.png and report.json go (default: build/demo-out)')

    command = add(commands, test, 'run the tests; the last line is `N passed, N failed`')
    command.add_argument('suite', nargs='*', metavar='SUITE', help='default: all; an unknown name lists them')

    command = add(commands, run, 'run a command in the guest; its exit status is ours')
    guest_options(command)
    mesa_option(command)
    command.add_argument('--in-process', action='store_true',
                         help='without a guest: Mesa in the root, the virtual GPU in the program\'s own process')
    command.add_argument('--timeout', type=float, metavar='SECONDS', help='end the guest when the command takes longer')
    command.add_argument('argv', nargs='+', metavar='-- COMMAND', help='the command and its arguments')

    command = add(commands, shell, 'a shell in the guest; Ctrl-] leaves one that hangs')
    guest_options(command)
    mesa_option(command)

    command = add(commands, igt, 'run tests of Debian\'s igt in the guest; exit status 0 if none failed')
    machine_options(command)
    command.add_argument('--exclude', action='append', default=[], metavar='TEST[@SUBTEST]', help='leave these out')
    command.add_argument('tests', nargs='+', metavar='TEST[@SUBTEST]', help='what to run; * and ? are wildcards')

    command = add(commands, piglit, 'run piglit\'s tests in the guest; exit status 0 if the expectations are met')
    machine_options(command)
    mesa_option(command)
    command.set_defaults(kernel='stock')
    command.add_argument('--own', action='store_true', help='the project\'s tests, tests/piglit, instead of Debian\'s')
    command.add_argument('--in-process', action='store_true',
                         help='without a guest: the virtual GPU in the process of each test; not those that want a '
                         'window')
    command.add_argument('-t', '--include', action='append', default=[], metavar='PATTERN',
                         help='tests to run: a regular expression of the name (default: all)')
    command.add_argument('-x', '--exclude', action='append', default=[], metavar='PATTERN', help='leave these out')
    command.add_argument('--env', action='append', default=[], metavar='NAME=VALUE',
                         help='for the tests\' environment; Mesa takes its driconf options from there')
    command.add_argument('--shard', metavar='i/n', help='every nth test from the ith on (default: what '
                         'CI_NODE_INDEX and CI_NODE_TOTAL say)')

    command = add(commands, differential, 'render what a seed says on the virtual GPU and on the software drivers, and '
                  'compare')
    command.add_argument('--seed', type=int, required=True, metavar='N', help='any number')
    command.add_argument('--step', type=int, action='append', default=[], metavar='K',
                         help='this step alone; may be given more than once (default: all)')

    command = add(commands, bench, 'measure; ratios of what was measured side by side in this run')
    machine_options(command)
    command.add_argument('names', nargs='*', metavar='NAME', help='default: all; an unknown name lists them')
    command.add_argument('--json', type=Path, metavar='FILE',
                         help='where the figures go (default: build/bench/bench.json)')

    command = add(commands, clean, 'remove build/')
    command.add_argument('--cache', action='store_true', help='and the cache folder')
    return top


def add(commands, function, text):
    command = commands.add_parser(function.__name__, help=text, description=text)
    command.set_defaults(function=function)
    return command


def machine_options(command):
    command.add_argument('--kernel', choices=kernel.KINDS, default='patched',
                         help='built with kernel-patches/, Debian\'s own, built alike without the patches, or with them, KASAN '
                         'and lockdep (default: %(default)s)')
    command.add_argument('--append', default='', metavar='PARAMETERS', help='further kernel parameters')
    command.add_argument('--memory', type=int, default=4096, metavar='MIB', help='guest memory (default 4096)')
    command.add_argument('--vgpu', choices=['release', 'asan'], default='release', help='build of the GPU process')
    command.set_defaults(no_gpu=False, no_i915=False, user='root', timeout=None,
                         mesa='debian')


def guest_options(command):
    machine_options(command)
    command.add_argument('--no-gpu', action='store_true', help='boot without the virtual GPU')
    command.add_argument('--no-i915', action='store_true', help='leave loading i915 to the command')
    command.add_argument('--user', default='root', help='the user of the guest who runs the command (default root)')


def mesa_option(command):
    command.add_argument('--mesa', choices=mesa.KINDS, default='debian',
                         help='the OpenGL of the command: Debian\'s own (default), or built here with or without '
                         'mesa-patches/')


def guest_of(options):
    from . import build as builds, vm
    here = Path.cwd()
    return vm.Guest(kernel=options.kernel, vgpu=None if options.no_gpu else builds.vgpu(options.vgpu),
                    load_i915=not options.no_i915, parameters=options.append, user=options.user, mesa=options.mesa,
                    memory_mib=options.memory, timeout_s=options.timeout,
                    cwd=here if here.is_relative_to(paths.REPO) else paths.REPO)


def setup(_):
    from . import newer, rootfs, sources
    rootfs.get()
    newer.qemu()
    sources.linux()
    sources.mesa()
    sources.piglit()
    kernel.get('stock')
    kernel.get('patched')
    say('set up: ' + str(paths.cache()))
    return 0


def build_vgpu():
    from . import build as builds
    print(builds.vgpu())


def build_piglit():
    from . import piglit_build
    print(piglit_build.get() / 'bin')


BUILDERS = {'vgpu': lambda _: build_vgpu(), 'kernel': lambda _: kernel.get('patched'),
            'mesa': lambda options: print(mesa.get('stock' if options.stock else 'patched')),
            'piglit': lambda _: build_piglit()}


def build(options):
    for part in [options.part] if options.part else BUILDERS:
        BUILDERS[part](options)
    return 0


def demo(options):
    from . import demo as demos
    patched = {} if options.mesa == 'patched' and not options.blitter else None
    # With the patched Mesa there is one column more, not another.
    options.mesa = 'debian' if options.mesa == 'patched' else options.mesa
    status, = demos.run(guest_of(options), [(demos.BLITTER if options.blitter else demos.OPENGL,
                                                   options.image or demos.PICTURE, options.out)], patched)
    if patched is not None and status == 0:
        demos.instructions(guest_of(options), options.out)
    say(f'pictures and report: {options.out}')
    return status


def test(options):
    from . import testing
    return testing.run(options.suite)


def run(options):
    here = Path.cwd()
    if options.in_process:
        from . import inprocess
        return inprocess.run(options.argv, here if here.is_relative_to(paths.REPO) else paths.REPO, options.mesa,
                             options.timeout)
    from . import vm
    stdin = None if sys.stdin.isatty() else sys.stdin
    return status_of(vm.run(guest_of(options), options.argv, stdin=stdin))


def status_of(result):
    """The command's status; a GPU process that ended badly is worth a word even if the command did not mind."""
    if result.gpu_status:
        say(f'zerocopy: vgpu ended with status {result.gpu_status}\n{result.gpu_errors}')
    return result.status


def shell(options):
    from . import vm
    return status_of(vm.run(guest_of(options), ['bash', '-l'], interactive=True))


def igt(options):
    from . import igt as tests
    suite = Suite('igt')
    outcomes, _, folder = tests.run(guest_of(options), options.tests, options.exclude)
    for outcome in outcomes:
        suite.add(outcome.name, outcome.outcome, outcome.seconds, outcome.message)
        print(f'{outcome.verdict:12} {outcome.seconds:8.2f} s  {outcome.name}')
    suite.write_junit()
    say(f'results: {folder}; JUnit: {paths.RESULTS / "igt.xml"}')
    print(last_line([suite]))
    return 1 if suite.count(FAIL) else 0


def piglit(options):
    from . import piglit as tests
    part = tests.shard(options.shard)
    if options.own:
        every, built, known = tests.own(options.mesa, options.in_process)
    else:
        every, built, known = dict(tests.elements(tests.profiles())), None, tests.expectations(tests.EXPECTATIONS)
    if options.in_process:
        every = {name: element for name, element in every.items() if not tests.wants_window(element)}
    wanted = {name: every[name] for name in tests.choose(every, options.include, options.exclude, part, known)}
    if not wanted:
        raise Failure('piglit has no such test', ' '.join(options.include), status=2)
    results = paths.BUILD / 'piglit/results'
    suite = Suite('piglit')
    execute = (tests.in_process(options.mesa, options.env) if options.in_process else
               tests.in_guest(guest_of(options), options.env))
    outcomes, ran = tests.run(execute, wanted, results, built)
    for outcome in tests.judge(outcomes, known):
        suite.add(outcome.name, outcome.outcome, outcome.seconds, '\n'.join([outcome.note, outcome.message]))
        print(f'{outcome.verdict:10} {outcome.seconds:8.2f} s  {outcome.name}  {outcome.note}'.rstrip())
    if ran.idle(outcomes):
        suite.add('on the GPU', FAIL, message=tests.IDLE)
    if options.own and set(wanted) == set(tests.choose(every, [], [], (1, 1), known)):
        for item in tests.unmet(outcomes, known):
            suite.add(item.name, FAIL, message=f'no such test, though it was to fail: {item.reason}')
    suite.write_junit()
    for problem in ran.problems[:10]:
        say(problem)
    for times, text in tests.faults(ran.log):
        say(f'vgpu: {times:5} x {text}')
    say(f'results: {results}; summary: {results.parent / "html/index.html"}; JUnit: {paths.RESULTS / "piglit.xml"}')
    print(last_line([suite]))
    return 1 if suite.count(FAIL) else 0


def differential(options):
    from . import differential as tests, inprocess
    outcomes, _, output = tests.check_seed(tests.program(), inprocess.library(), options.seed, options.step)
    differing = [outcome for outcome in outcomes if not outcome.agrees]
    for outcome in differing or outcomes if options.step else differing:
        print(outcome)
    say(output.strip())
    print(f'{len(outcomes) - len(differing)} steps agree, {len(differing)} differ')
    return 1 if differing or not outcomes else 0


def bench(options):
    from bench import run as benches
    return benches.main(guest_of(options), options.names, options.json)


def clean(options):
    for folder in [paths.BUILD] + ([paths.cache()] if options.cache else []):
        cache.remove(folder)
        say(f'removed {folder}')
    return 0


def main():
    options = parser().parse_args()
    # A terminated zerocopy unwinds as an interrupted one does, so that children and locks go in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if options.function is not clean:
            host.ready()
            cache.sweep()
        return options.function(options)
    except Failure as failure:
        print(failure, file=sys.stderr)
        return failure.status
    except KeyboardInterrupt:
        print('zerocopy: interrupted', file=sys.stderr)
        return STATUS_INTERRUPTED
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STATUS_INTERRUPTED
