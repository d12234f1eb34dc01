# SPDX-License-Identifier: MIT
"""Run one command in the guest: its output streams back, its exit status is handed on, its files are in the repository.

QEMU boots a kernel with a small initramfs (initramfs.py, guest/). The Debian root is shared read-only under an overlay
on tmpfs, the repository read-write at its own path. The command's stdin, stdout and stderr are virtio-serial ports, and
so is the control port, on which the guest says "clock UPTIME", "ready", "failed REASON" or "exit STATUS".
"""

import contextlib
import os
import selectors
import shlex
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from . import initramfs, kernel, mesa, newer, paths, proc, qemu, rootfs, rundir
from .errors import STATUS_TIMEOUT, Failure, tail
from .gpu import Gpu
from .terminal import Terminal

BOOT_S = 180
POWER_OFF_S = 30
# A guest's clock that is off by more than this has been calibrated against a timer that the host let wait.
CLOCK_FACTOR = 1.5
CLOCK_SLACK_S = 2
# tsc=reliable: the kernel need not doubt an emulated clock when its processors get no time from the host.
# no_timer_check: neither need it find its timer interrupt within ten ticks, and panic where the host is that slow.
# i915.mitigations=off: gen7's residual-clear batches run through the media pipeline, see docs/vgpu.md.
PARAMETERS = 'console=ttyS0 loglevel=5 panic=-1 tsc=reliable no_timer_check i915.mitigations=off'
# An emulated TSC is calibrated against timers that a busy host lets wait, and then runs too fast. The ACPI timer needs
# no calibration; KVM has a clock of its own.
EMULATED_PARAMETERS = 'clocksource=acpi_pm'


class WrongClock(Failure):
    """The guest's clock runs too fast: every time-out in it would come too soon."""


@dataclass
class Guest:
    """What to boot, and how."""
    kernel: str = 'patched'
    vgpu: Path = None  # the GPU process's program; None means a guest without a GPU
    vgpu_options: list = field(default_factory=list)
    load_i915: bool = True
    parameters: str = ''  # further kernel parameters
    mesa: str = 'debian'  # the command's OpenGL
    user: str = 'root'
    cwd: Path = paths.REPO
    shares: list = field(default_factory=list)  # further host folders, visible read-only at their own paths
    memory_mib: int = 4096
    cpus: int = 2
    timeout_s: float = None  # for the command; None means no limit
    boot_limit_s: float = BOOT_S


@dataclass
class Result:
    """What came of a command."""
    status: int
    folder: Path
    boot_s: float
    command_s: float
    gpu_status: int = 0  # how the GPU process ended; not 0 when a sanitizer found something
    gpu_errors: str = ''

    @property
    def dmesg(self):
        return (self.folder / 'dmesg.txt').read_text(encoding='utf-8', errors='replace')


def job_script(guest, argv):
    """The shell script that runs the command in the guest."""
    command = shlex.join(str(word) for word in argv)
    if guest.user != 'root':
        user = shlex.quote(guest.user)
        command = f'setpriv --reuid={user} --regid="$(id -g {user})" --init-groups -- {command}'
    environment = {'HOME': '/root' if guest.user == 'root' else '/tmp', 'TERM': os.environ.get('TERM', 'dumb')}
    if guest.mesa != 'debian':
        environment.update(mesa.environment(mesa.get(guest.mesa)))
    lines = [f'export {name}={shlex.quote(value)}' for name, value in environment.items()]
    return '\n'.join(lines + [f'cd {shlex.quote(str(guest.cwd))} || exit 126', 'exec ' + command]) + '\n'


def config_script(guest, folder, terminal):
    rows, columns = terminal.size() if terminal else (24, 80)
    values = {'run_folder': folder, 'load_i915': int(bool(guest.vgpu and guest.load_i915)),
              'interactive': int(bool(terminal)), 'rows': rows, 'columns': columns}
    return ''.join(f'{name}={shlex.quote(str(value))}\n' for name, value in values.items())


class Run:
    """One boot of the guest, from nothing to the exit status."""

    def __init__(self, guest, argv, folder, outputs, stdin, terminal):
        self.guest = guest
        self.argv = argv
        self.folder = folder
        self.outputs = outputs
        self.stdin = stdin
        self.terminal = terminal
        self.console = folder / 'console.log'
        self.gpu = self.process = None
        self.ports = {}
        self.messages = b''
        self.ready_at = self.status = self.failed = None

    def go(self):
        try:
            self._start()
            self._serve()
            result = Result(self.status, self.folder, self.ready_at - self.started, self.ended - self.ready_at)
            if self.gpu:
                result.gpu_status = self.gpu.finish()
                result.gpu_errors = self.gpu.errors.read_text(encoding='utf-8', errors='replace')
            return result
        finally:
            proc.kill(self.process)
            if self.gpu:
                self.gpu.stop()
            for end in self.ports.values():
                end.close()

    def _start(self):
        chosen = kernel.get(self.guest.kernel)
        root = rootfs.get()
        shares = [(chosen.modules, Path('/usr/lib/modules') / chosen.release, False), (paths.REPO, paths.REPO, True)]
        further = self.guest.shares + ([mesa.get(self.guest.mesa)] if self.guest.mesa != 'debian' else [])
        shares += [(folder, folder, False) for folder in further]
        kvm = qemu.kvm_works(chosen.image)
        parameters = [PARAMETERS, *([] if kvm else [EMULATED_PARAMETERS]), self.guest.parameters]
        command = newer.qemu() + qemu.machine(self.guest.memory_mib, self.guest.cpus, kvm)
        command += qemu.share(0, root, 'root', False)
        lines = []
        for index, (source, target, writable) in enumerate(shares, 1):
            command += qemu.share(index, source, f'share{index}', writable)
            lines += [f'share{index} {"rw" if writable else "ro"} {target}\n']
        (self.folder / 'initramfs').write_bytes(initramfs.make(root / 'usr/bin/busybox', chosen, {
            'job': job_script(self.guest, self.argv), 'shares': ''.join(lines),
            'config': config_script(self.guest, self.folder, self.terminal)}))
        command += ['-kernel', chosen.image, '-initrd', 'initramfs', '-serial', 'file:console.log',
                    '-append', ' '.join(parameters),
                    '-device', f'virtio-rng-pci,addr={qemu.RNG_ADDRESS}',
                    '-device', f'virtio-serial-pci,max_ports=8,addr={qemu.SERIAL_ADDRESS}']
        inherited = []
        for name in ['control', *(['terminal'] if self.terminal else ['stdin', 'stdout', 'stderr'])]:
            ours, theirs = socket.socketpair()
            inherited.append(theirs)
            self.ports[name] = ours
            command += qemu.port(name, theirs.fileno(), 'virtconsole' if name == 'terminal' else 'virtserialport')
        if self.guest.vgpu:
            self.gpu = Gpu(self.guest.vgpu, self.folder, self.guest.vgpu_options)
            command += qemu.gpu()
        # As a user, QEMU gets the namespace in which the root's files have their true owners.
        prefix = proc.namespaces() if os.geteuid() != 0 else []
        with open(self.folder / 'qemu.log', 'wb') as log:
            self.started = time.monotonic()
            self.process = proc.spawn(prefix + command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log,
                                      stderr=log, pass_fds=[end.fileno() for end in inherited])
        for end in inherited:
            end.close()

    def _serve(self):
        """Move bytes until QEMU has ended; watch over everything that may go wrong meanwhile."""
        if self.stdin is not None:
            threading.Thread(target=self._feed, daemon=True).start()
        elif not self.terminal:
            self.ports['stdin'].shutdown(socket.SHUT_WR)
        with selectors.DefaultSelector() as selector, self.terminal or contextlib.nullcontext():
            for name, port in self.ports.items():
                selector.register(port, selectors.EVENT_READ, name)
            if self.terminal:
                selector.register(sys.stdin, selectors.EVENT_READ, 'keyboard')
            while self.process.poll() is None:
                for key, _ in selector.select(timeout=0.2):
                    self._receive(selector, key)
                self._check_time()
                if self.gpu and self.gpu.process.poll() is not None and self.process.poll() is None:
                    proc.wait(self.process, 2)
                    if self.status is None:
                        raise self.gpu.failure('while the guest ran')
            while any(self._receive(selector, key) for key, _ in selector.select(timeout=0)):
                pass
        if self.status is None:
            raise self._diagnose()

    def _receive(self, selector, key):
        """Handle one readable descriptor; False at its end."""
        if key.data == 'keyboard':
            typed = os.read(sys.stdin.fileno(), 4096)
            if self.terminal.wants_out(typed):
                raise Failure('left the guest', 'Ctrl-] was typed')
            self.ports['terminal'].sendall(typed)
            return True
        try:
            data = key.fileobj.recv(1 << 16)
        except ConnectionResetError:
            data = b''
        if not data:
            selector.unregister(key.fileobj)
            return False
        if key.data == 'control':
            self._hear(data)
        else:
            self.outputs[key.data](data)
        return True

    def _hear(self, data):
        *lines, self.messages = (self.messages + data).split(b'\n')
        for line in lines:
            word, _, rest = line.decode(errors='replace').partition(' ')
            if word == 'clock':
                self._check_clock(float(rest))
            elif word == 'ready':
                self.ready_at = time.monotonic()
            elif word == 'exit':
                self.ended = time.monotonic()
                self.status = int(rest)
            elif word == 'failed':
                self.failed = rest

    def _check_clock(self, uptime):
        """The guest cannot have been up for longer than its QEMU."""
        elapsed = time.monotonic() - self.started
        if uptime > elapsed * CLOCK_FACTOR + CLOCK_SLACK_S:
            raise WrongClock(f"the guest's clock is wrong: {uptime:g} s of it passed in {elapsed:.1f} s",
                             'its kernel calibrated the clock while the host was busy',
                             f'run it again when the host is less busy; see {self.console}')

    def _check_time(self):
        now = time.monotonic()
        if self.ready_at is None and now > self.started + self.guest.boot_limit_s:
            raise Failure(f'guest time-out: not booted after {self.guest.boot_limit_s:g} s', tail(self.console),
                          f'see {self.console}', STATUS_TIMEOUT)
        if self.status is not None:
            if now > self.ended + POWER_OFF_S:
                proc.kill(self.process)
        elif self.ready_at is not None and self.guest.timeout_s and now > self.ready_at + self.guest.timeout_s:
            raise Failure(f'guest time-out: the command did not end within {self.guest.timeout_s:g} s',
                          tail(self.console), f'see {self.console}; --timeout allows more', STATUS_TIMEOUT)

    def _feed(self):
        with contextlib.suppress(OSError):
            while data := os.read(self.stdin.fileno(), 1 << 16):
                self.ports['stdin'].sendall(data)
            self.ports['stdin'].shutdown(socket.SHUT_WR)

    def _diagnose(self):
        """QEMU has ended and the guest never said how its command did."""
        text = self.console.read_text(encoding='utf-8', errors='replace') if self.console.exists() else ''
        if self.failed:
            return Failure(f'the guest could not start: {self.failed}', tail(self.console), f'see {self.folder}')
        if 'Kernel panic' in text:
            return Failure('guest panic', tail(self.console, 30), f'see {self.console}')
        if self.process.returncode:
            return Failure(f'QEMU ended with status {self.process.returncode}', tail(self.folder / 'qemu.log'),
                           f'see {self.folder}')
        return Failure('the guest went down before its command ended', tail(self.console), f'see {self.console}')


def write_all(stream):
    def write(data):
        stream.write(data)
        stream.flush()
    return write


def run(guest, argv, stdout=None, stderr=None, stdin=None, interactive=False):
    """Boot the guest, run argv in it, return a Result.

    stdout and stderr are called with the bytes as they come (default: our own); stdin is a file to feed from.
    """
    outputs = {'stdout': stdout or write_all(sys.stdout.buffer), 'stderr': stderr or write_all(sys.stderr.buffer)}
    terminal = Terminal() if interactive else None
    if terminal:
        outputs['terminal'] = terminal.show
    # The clock is checked before the command starts, so a second boot repeats nothing; but its input may be gone.
    if stdin is None and not interactive:
        try:
            return boot(guest, argv, outputs, stdin, terminal)
        except WrongClock as failure:
            print(f'zerocopy: {failure.what}; booting once more', file=sys.stderr, flush=True)
    return boot(guest, argv, outputs, stdin, terminal)


def boot(guest, argv, outputs, stdin, terminal):
    with rundir.new() as folder:
        return Run(guest, argv, folder, outputs, stdin, terminal).go()
