# SPDX-License-Identifier: MIT
"""What glReadPixels, glGetTexImage and glTexSubImage cost the application: Debian's Mesa against the patched one.

bench-transfers runs twice on each Mesa: in-process under meter.c, which counts instructions and looks at what they
store; and in the guest, for what the kernel is asked for and what it pins. All are counts, and hardly differ from run
to run.
"""

import statistics
from concurrent import futures
from dataclasses import dataclass

from .figures import Figure, Samples

STOCK, PATCHED = 'debian', 'patched'
OPTIONS = ('zerocopy_readpixels', 'zerocopy_getteximage', 'zerocopy_texsubimage')
SMALL = ('64x64', '128x128', '256x256')
# Bytes: from there on the patched Mesa does not copy client memory (auto_threshold of st_zerocopy.c).
THRESHOLD = {'readpixels': 64 << 10, 'getteximage': 64 << 10, 'texsubimage': 1 << 20}
PIXEL_BYTES = 4
MOST_INSTRUCTIONS = 80_000  # of client memory at 1080p
MOST_IOCTLS = 2
MOST_INSTRUCTIONS_OF_STOCK = 1.03


@dataclass
class Case:
    """One transfer on both Mesas: {kind of cost: value}. With forced, the patched one has its options on 1."""
    name: str
    stock: dict
    patched: dict
    forced: bool = False
    HEADING = (f'{"transfers/":37} {"instructions":>21} {"ratio":>6}  {"bytes copied":>19}  {"ioctls":>7}  '
               f'{"pages pinned":>13}')

    def goals(self):
        """{what: (value, most that it may be)}."""
        operation, client, size, _ = self.name.split('/')
        width, _, height = size.partition('x')
        goals = {}
        if self.forced:
            return {'bytes copied': (self.patched['copied'], 0)}
        if client != 'memory' or int(width) * int(height) * PIXEL_BYTES >= THRESHOLD[operation]:
            goals['bytes copied'] = self.patched['copied'], 0
            if client == 'memory':
                goals['ioctls'] = self.patched['ioctls'], MOST_IOCTLS
        if client == 'memory' and size == '1920x1080':
            goals['instructions'] = self.patched['instructions'], MOST_INSTRUCTIONS
        goals['ratio'] = self.ratio, MOST_INSTRUCTIONS_OF_STOCK
        return goals

    @property
    def ratio(self):
        return self.patched['instructions'] / self.stock['instructions']

    def figure(self):
        """The instructions, for the plot."""
        return Figure(self.name, 'instructions', Samples([self.patched['instructions']]),
                      Samples([self.stock['instructions']]), better='less')

    def to_json(self):
        goals = {what: {'value': value, 'most': most, 'met': value <= most}
                 for what, (value, most) in self.goals().items()}
        return {'name': f'transfers/{self.name}', 'forced': self.forced, 'stock': self.stock, 'patched': self.patched,
                'ratio_of_instructions': self.ratio, 'goals': goals}

    def line(self):
        def pair(cost, width):
            sides = self.stock, self.patched
            return ' '.join(f'{int(side[cost]) if cost in side else "-":>{width}}' for side in sides)

        missed = [f'{what} {value:.4g} > {most:g}' for what, (value, most) in self.goals().items() if value > most]
        text = 'goals: ' + ('NOT MET: ' + ', '.join(missed) if missed else 'met')
        return (f'{self.name + (" on" if self.forced else ""):37} {pair("instructions", 10)} {self.ratio:6.3f}  '
                f'{pair("copied", 9)}  {pair("ioctls", 3)}  {pair("pinned", 6)}  {text}')


def parse(text):
    """The output of bench-transfers: {case: {kind of cost: value}}."""
    cases = {}
    for line in text.splitlines():
        if line.startswith('#'):
            continue
        name, *values = line.split()
        case, _, cost = name.rpartition('/')
        # Now and then a batch needs memory that none before it has left: that is not the transfer's.
        choose = {'instructions': min, 'ioctls': statistics.median_high}.get(cost, max)
        cases.setdefault(case, {})[cost] = choose([float(value) for value in values])
    return cases


def merge(inside, guest):
    """What is counted in the guest is the real kernel's."""
    return {name: {**costs, **guest.get(name, {})} for name, costs in inside.items()}


def transfers(machine):
    patterns = [f'*/memory/{size}/*' for size in SMALL]
    on = {option: '1' for option in OPTIONS}
    guest = {kind: parse(machine.gl_in_guest('bench-transfers', kind)) for kind in (STOCK, PATCHED)}
    # Counts do not mind what else runs.
    with futures.ThreadPoolExecutor(2) as pool:
        metered = {kind: pool.submit(machine.metered, 'bench-transfers', kind) for kind in (STOCK, PATCHED)}
        forced = pool.submit(machine.metered, 'bench-transfers', PATCHED, *patterns, env=on)
    seen = {kind: merge(parse(run.result()), guest[kind]) for kind, run in metered.items()}
    forced = parse(forced.result())
    cases = [Case(name, stock, seen[PATCHED][name]) for name, stock in seen[STOCK].items()]
    return cases + [Case(name, seen[STOCK][name], costs, forced=True) for name, costs in forced.items()]
