# SPDX-License-Identifier: MIT
"""Debian packages without installing them, by an apt that keeps everything in a folder of its own."""

import contextlib
import os
import tempfile
from pathlib import Path

from . import host, mirror, proc
from .errors import Failure


class Apt:
    """apt-get and apt-cache for one suite; `env` is what they need to see."""

    def __init__(self, suite, env):
        self.suite = suite
        self.env = env

    def get(self, folder, *arguments, on_line=None):
        """apt-get with these arguments; what it downloads lands in `folder`."""
        what = ' '.join(arguments)
        proc.run(['apt-get', *arguments], f'apt-get {what} (of {self.suite})', f'apt-{arguments[-1]}', on_line,
                 cwd=folder, env=self.env, hint=mirror.HINT)

    def dependency(self, package, prefix):
        """The package that the metapackage `package` stands for."""
        text = proc.output(['apt-cache', 'depends', package], f'looking up {package}', env=self.env)
        for line in text.splitlines():
            kind, _, name = line.strip().partition(': ')
            if kind == 'Depends' and name.startswith(prefix):
                return name
        raise Failure(f'{package} of {self.suite} does not depend on a {prefix}* package', text)


@contextlib.contextmanager
def apt(suite, artefact):
    """An Apt with fresh package lists, which it keeps in the folder of the unfinished artefact for as long."""
    host.ready()
    with tempfile.TemporaryDirectory(dir=artefact, prefix='.apt-') as scratch:
        folder = Path(scratch)
        for name in ('lists/partial', 'cache/archives/partial'):
            (folder / name).mkdir(parents=True)
        (folder / 'sources.list').write_text('\n'.join(mirror.sources(suite, source=True)) + '\n', encoding='utf-8')
        (folder / 'status').touch()
        settings = {
            'Dir::Etc::sourcelist': folder / 'sources.list', 'Dir::Etc::sourceparts': '-',
            'Dir::State': folder, 'Dir::State::lists': folder / 'lists', 'Dir::State::status': folder / 'status',
            'Dir::Cache': folder / 'cache', 'APT::Architecture': 'amd64', 'APT::Architectures': 'amd64',
            'Acquire::Languages': 'none', 'APT::Update::Error-Mode': 'any', **mirror.options(),
        }
        (folder / 'apt.conf').write_text(''.join(f'{name} "{value}";\n' for name, value in settings.items()),
                                         encoding='utf-8')
        result = Apt(suite, dict(os.environ, APT_CONFIG=str(folder / 'apt.conf')))
        proc.run(['apt-get', 'update'], f'reading the package lists of {suite}', f'apt-update-{suite}', env=result.env,
                 hint=mirror.HINT)
        yield result


def unpack(deb, folder):
    """Unpack the files of a .deb."""
    proc.run(['dpkg-deb', '-x', deb, folder], f'unpacking {deb.name}', f'unpack-{deb.name.split("_")[0]}')


def version(deb):
    """The version in a .deb's file name."""
    return deb.name.split('_')[1].replace('%3a', ':')


def one(folder, pattern):
    """The one file that matches."""
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise Failure(f'expected one {pattern} in {folder}', f'found {len(found)}')
    return found[0]
