# SPDX-License-Identifier: MIT
"""The Debian 13 root filesystem: build environment and guest in one."""

from . import cache, host, mirror, proc

SUITE = 'trixie'
NEED_GIB = 12
# What mmdebstrap says, for the progress bar.
LINES = 2560

PACKAGES = {
    'the C programs and their tests': '''
        gcc g++ libc6-dev ccache clang-19 libclang-rt-19-dev llvm-19 lld-19 meson ninja-build pkgconf git
        libcmocka-dev libdrm-dev libpng-dev zlib1g-dev python3 gdb valgrind libc6-dbg strace sparse
        intel-gpu-tools''',
    'the kernel': '''
        make bc bison flex libelf-dev libssl-dev kmod cpio xz-utils lz4 zstd rsync patch perl-base dpkg-dev
        python3-sphinx''',
    'Mesa': '''
        python3-mako python3-yaml python3-packaging libexpat1-dev libzstd-dev libudev-dev glslang-tools
        llvm-19-dev libclang-19-dev libclang-cpp19-dev libclc-19-dev libllvmspirvlib-19-dev llvm-spirv-19
        spirv-tools libglvnd-dev libgl-dev libegl-dev libgles-dev''',
    'piglit\'s tests': '''
        cmake libwaffle-dev libgbm-dev libxkbcommon-dev python3-numpy''',
    'the guest': '''
        busybox-static iproute2 procps util-linux mount libdrm-tests piglit''',
    'figures': '''
        gnuplot-nox''',
}

# Documentation and translations are half of the files; nothing reads them here.
EXCLUDED = ['/usr/share/doc/*', '/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*']


def packages():
    return sorted({name for names in PACKAGES.values() for name in names.split()})


def inputs():
    return {'recipe': 1, 'suite': SUITE, 'packages': packages(), 'excluded': EXCLUDED}


def get():
    """The root's folder, made when the cache does not have it."""
    return cache.artefact('root', inputs(), make, NEED_GIB,
                          stage=f'root filesystem: Debian {SUITE}, {len(packages())} packages and what they need')


def make(folder, stage):
    host.ready()
    command = mmdebstrap(SUITE, folder, packages()) + ['--variant=apt', '--dpkgopt=force-unsafe-io']
    command += [f'--dpkgopt=path-exclude={pattern}' for pattern in EXCLUDED]
    lines = 0

    def on_line(line):
        nonlocal lines
        lines += line is not None
        stage.progress(lines, LINES, line or '')

    proc.run(command, f'making the Debian {SUITE} root', 'root', on_line, hint=mirror.HINT)


def mmdebstrap(suite, folder, names):
    """The mmdebstrap command for these packages; the variant is still to be said."""
    command = proc.namespaces() + ['mmdebstrap', '--mode=root', '--architectures=amd64', '--format=directory',
                                   '--skip=output/dev', '--verbose', '--include=' + ','.join(names),
                                   f'--keyring={mirror.keyring()}']
    command += [f'--aptopt={name} "{value}"' for name, value in mirror.options().items()]
    return command + [suite, folder] + mirror.sources(suite)

