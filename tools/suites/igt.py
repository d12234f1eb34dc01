# SPDX-License-Identifier: MIT
"""Debian's igt, unmodified: gem_userptr_blits as Intel's CI runs it, and the basics that it stands on.

gem_userptr_blits runs on Debian's kernel as well: what passes there must pass with kernel-patches/.
"""

from .. import build, dmesg, igt, vm
from ..report import Stage, say
from ..results import FAIL, PASS, SKIP

# i915.fast-feedback.testlist, as far as it is about what userptr stands on
BASICS = '''
    gem_basic gem_exec_basic@basic gem_exec_store@basic gem_exec_fence@basic-* gem_exec_create@basic
    gem_linear_blits@basic gem_tiled_blits@basic gem_tiled_fence_blits@basic gem_tiled_pread_basic
    gem_mmap@basic gem_mmap_gtt@basic gem_ctx_create@basic gem_ctx_exec@basic gem_sync@basic-all
    gem_ringfill@basic-all gem_wait@*@all-engines i915_hangman@error-state-basic i915_getparams_basic
    '''.split()
USERPTR = ['gem_userptr_blits']
# i915.blocklist.txt: the eviction storms
STORMS = [f'gem_userptr_blits@{kind}*' for kind in ('major', 'minor', 'forked', 'mlocked', 'swapping')]
LIMIT_S = 1500


def run(suite):
    on_debian = {outcome.name: outcome.outcome for outcome in on_kernel('stock', USERPTR)[0]}
    outcomes, result = on_kernel('patched', BASICS + USERPTR)
    for outcome in outcomes:
        suite.add(outcome.name, outcome.outcome, outcome.seconds, f'{outcome.verdict}\n{outcome.message}')
    # igt judges the kernel's log test by test; what remains is the boot.
    problems = dmesg.problems(result.dmesg.partition('[IGT]')[0])
    suite.check('dmesg of the boot', not problems, '\n'.join(problems))
    suite.check('vgpu', result.gpu_status == 0, f'status {result.gpu_status}\n{result.gpu_errors}')
    worse = worse_than(on_debian, {outcome.name: outcome.outcome for outcome in outcomes})
    counts = ', '.join(f'{list(on_debian.values()).count(word)} {word}' for word in (PASS, FAIL, SKIP))
    say(f'    gem_userptr_blits on Debian\'s kernel: {counts}; worse with the patches: {len(worse)}')
    suite.check('gem_userptr_blits is no worse than on Debian\'s kernel', on_debian and not worse, ', '.join(worse))


def worse_than(before, after):
    """The names that passed before and do not after, or skipped before and fail after."""
    return [name for name, outcome in before.items()
            if outcome != FAIL and after.get(name, FAIL) not in (PASS, outcome)]


def on_kernel(kind, tests):
    guest = vm.Guest(kernel=kind, vgpu=build.vgpu(), timeout_s=LIMIT_S)
    with Stage(f'igt: {len(tests)} patterns on the {kind} kernel') as stage:
        def show(data):
            stage.progress(note=data.decode(errors='replace').strip())

        outcomes, result, _ = igt.run(guest, tests, STORMS, show)
    return outcomes, result
