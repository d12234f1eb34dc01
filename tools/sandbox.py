# SPDX-License-Identifier: MIT
"""Run a program inside the Debian 13 root: the repository and the cache are at their own paths, the rest is read-only.

It is a chroot in a mount and PID namespace (proc.namespaces), so no mount and no process is left when it ends.
"""

import os
import shlex

from . import paths, proc, rootfs

DEVICES = ('null', 'zero', 'full', 'random', 'urandom', 'tty')

# $1 is the root. The mount points of bound folders are made in the root itself (empty folders), unless they are
# below a folder that gets a tmpfs. A bind mount is made read-only in a second step, which in a user namespace must
# keep the flags that the host's mount has. The shell stays as PID 1, for which signals would mean other things.
PREPARE = '''
PATH=$PATH:/usr/sbin:/sbin
root=$1; shift
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in {devices}; do touch "$root/dev/$node"; mount --bind "/dev/$node" "$root/dev/$node"; done
mkdir -m 1777 "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s fd/0 "$root/dev/stdin"; ln -s fd/1 "$root/dev/stdout"; ln -s fd/2 "$root/dev/stderr"
for place in tmp run var/tmp; do mount -t tmpfs -o mode=1777 none "$root/$place"; done
{binds}
flags=$(findmnt --noheadings --output VFS-OPTIONS --target "$root" | tr ',' '\\n' |
        grep --extended-regexp --line-regexp 'nosuid|nodev|noexec|noatime|nodiratime|relatime' | tr '\\n' ',')
mount -o "remount,bind,${{flags}}ro" "$root"
exec chroot "$root" /usr/bin/env --ignore-environment {environment} sh -c 'cd "$0" && "$@"; exit $?' {cwd} "$@"
'''


def environment(extra=None):
    return {
        'PATH': '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin', 'HOME': '/tmp', 'LC_ALL': 'C.UTF-8',
        'TERM': os.environ.get('TERM', 'dumb'), 'CCACHE_DIR': str(paths.cache() / 'ccache'),
        # objects are shared by all clones: paths are taken relative to the clone, and the folder does not matter
        'CCACHE_BASEDIR': str(paths.REPO), 'CCACHE_NOHASHDIR': '1', **(extra or {}),
    }


def command(argv, cwd=None, env=None, binds=()):
    """The command that runs argv in the root; cwd is the repository unless given.

    binds are further host folders to see at their own paths.
    """
    places = [paths.REPO, paths.cache(), *binds]
    for place in places:
        place.mkdir(parents=True, exist_ok=True)
    bind = '\n'.join(f'mkdir -p "$root"{quoted}; mount --bind {quoted} "$root"{quoted}'
                     for quoted in (shlex.quote(str(place)) for place in places))
    script = PREPARE.format(
        devices=' '.join(DEVICES), binds=bind, cwd=shlex.quote(str(cwd or paths.REPO)),
        environment=' '.join(shlex.quote(f'{name}={value}') for name, value in environment(env).items()))
    return proc.namespaces() + ['sh', '-euc', script, 'sandbox', str(rootfs.get()), *[str(word) for word in argv]]


def run(argv, what, log_name, on_line=None, **where):
    """proc.run inside the root."""
    proc.run(command(argv, **where), what, log_name, on_line)


def output(argv, what, **where):
    """proc.output inside the root."""
    return proc.output(command(argv, **where), what)
