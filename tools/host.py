# SPDX-License-Identifier: MIT
"""What the host must have: a few packages, and the right to make namespaces."""

import functools
import os
import shutil
import subprocess

from . import proc
from .errors import Failure
from .report import Stage

# command -> the Debian package that has it
NEEDED = {
    'mmdebstrap': 'mmdebstrap',
    'apt-get': 'apt',
    'dpkg-deb': 'dpkg',
    'unshare': 'util-linux',
    'mount': 'mount',
    'cp': 'coreutils',
    'git': 'git',
}
NEEDED_AS_USER = {'newuidmap': 'uidmap'}


def missing_packages():
    needed = dict(NEEDED)
    if os.geteuid() != 0:
        needed.update(NEEDED_AS_USER)
    path = os.environ.get('PATH', '') + ':/usr/sbin:/sbin'
    missing = {package for command, package in needed.items() if not shutil.which(command, path=path)}
    if not os.path.exists('/usr/share/keyrings/debian-archive-keyring.gpg'):
        missing.add('debian-archive-keyring')
    return sorted(missing)


@functools.cache
def ready():
    """Make the host ready, or say exactly what is missing."""
    missing = missing_packages()
    if missing and os.geteuid() == 0:
        install(missing)
    elif missing:
        raise Failure('packages are missing: ' + ' '.join(missing), 'only root may install packages',
                      'sudo apt-get install --yes ' + ' '.join(missing))
    check_namespaces()


def install(packages):
    with Stage('host packages: ' + ' '.join(packages)):
        env = dict(os.environ, DEBIAN_FRONTEND='noninteractive')
        command = ['apt-get', 'install', '--yes', '--no-install-recommends', *packages]
        try:
            proc.run(command, 'installing ' + ' '.join(packages), 'host-packages', env=env)
        except Failure:
            proc.run(['apt-get', 'update'], 'apt-get update', 'host-update', env=env)
            proc.run(command, 'installing ' + ' '.join(packages), 'host-packages', env=env)


def check_namespaces():
    try:
        done = subprocess.run(proc.namespaces() + ['true'], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    except subprocess.TimeoutExpired as error:
        raise Failure('making a namespace did not end', ' '.join(error.cmd)) from error
    if done.returncode == 0:
        return
    if os.geteuid() == 0:
        raise Failure('root may not make mounts here', done.stderr.strip(),
                      'in a container, give it CAP_SYS_ADMIN (docker: --privileged)')
    raise Failure('not root, and user namespaces do not work', done.stderr.strip(),
                  'run as root; or have root do: sysctl kernel.unprivileged_userns_clone=1 '
                  'kernel.apparmor_restrict_unprivileged_userns=0 user.max_user_namespaces=10000, and '
                  f'usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {os.environ.get("USER", "YOU")}')
