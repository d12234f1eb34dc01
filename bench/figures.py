# SPDX-License-Identifier: MIT
"""What a benchmark finds: samples, and ratios of what was measured side by side in one run."""

import statistics
from dataclasses import dataclass, field


@dataclass
class Samples:
    """Several measurements of one thing."""
    values: list

    def summary(self):
        return {'median': statistics.median(self.values), 'min': min(self.values), 'max': max(self.values),
                'samples': len(self.values)}

    def map(self, function):
        return Samples([function(value) for value in self.values])

    @property
    def median(self):
        return statistics.median(self.values)


@dataclass
class Figure:
    """One line of a report: a measured value, perhaps beside the baseline that it is to be judged by."""
    name: str
    unit: str
    samples: Samples
    baseline: Samples = None  # of the same unit
    better: str = 'more'  # or 'less'
    goal: float = None  # of the ratio if there is a baseline, otherwise of the median
    notes: dict = field(default_factory=dict)
    HEADING = f'{"":34} {"median":>12} {"":14} {"baseline":>12} {"ratio":>8} {"of best":>8}'

    @property
    def ratio(self):
        """The value against its baseline; None without one."""
        return self.samples.median / self.baseline.median if self.baseline else None

    @property
    def ratio_of_best(self):
        """The best value against the best baseline: what a machine that is busy with other things changes least."""
        if not self.baseline:
            return None
        best = max if self.better == 'more' else min
        return best(self.samples.values) / best(self.baseline.values)

    @property
    def meets_goal(self):
        """None if there is no goal."""
        if self.goal is None:
            return None
        judged = self.samples.median if self.ratio is None else self.ratio
        return judged >= self.goal if self.better == 'more' else judged <= self.goal

    def to_json(self):
        result = {'name': self.name, 'unit': self.unit, **self.samples.summary()}
        if self.baseline:
            result |= {'baseline': self.baseline.summary(), 'ratio': self.ratio,
                       'ratio_of_best': self.ratio_of_best}
        if self.goal is not None:
            result |= {'goal': self.goal, 'meets_goal': self.meets_goal}
        return result | self.notes

    def line(self):
        """The figure for a person."""
        text = f'{self.name:34} {self.samples.median:12.4g} {self.unit:14}'
        if self.baseline:
            text += f' {self.baseline.median:12.4g} {self.ratio:8.3f} {self.ratio_of_best:8.3f}'
        else:
            text += ' ' * 31
        if self.goal is not None:
            sign = '>=' if self.better == 'more' else '<='
            text += f'  goal {sign} {self.goal:g}: {"met" if self.meets_goal else "NOT MET"}'
        return text.rstrip()


def parse(text):
    """The output of a benchmark program, "NAME SAMPLE SAMPLE..." a line: {name: Samples}."""
    found = {}
    for line in text.splitlines():
        name, *values = line.split()
        if name != 'ready':
            found[name] = Samples([float(value) for value in values])
    return found
