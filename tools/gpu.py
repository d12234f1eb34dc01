# SPDX-License-Identifier: MIT
"""The GPU process of a run: src/intel/vgpu's `vgpu`, started before QEMU, in the root that it was built in."""

import subprocess
import time

from . import build, proc, qemu, sandbox
from .errors import Failure, tail

START_S = 20
END_S = 10


class Gpu:
    """A vgpu process that listens on the run folder's socket."""

    def __init__(self, program, folder, options=()):
        self.log = folder / 'vgpu.log'
        self.program = program
        command = sandbox.command([program, '--socket', qemu.GPU_SOCKET, '--log', 'vgpu.log', *options], cwd=folder,
                                  env=build.SANITIZER_ENVIRONMENT)
        with open(folder / 'vgpu.stderr', 'wb') as errors:
            self.errors = folder / 'vgpu.stderr'
            self.process = proc.spawn(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        self._wait_for(folder / qemu.GPU_SOCKET)

    def _wait_for(self, path):
        end = time.monotonic() + START_S
        while not path.is_socket():
            if self.process.poll() is not None:
                raise self.failure('before it listened')
            if time.monotonic() > end:
                self.stop()
                raise Failure(f'vgpu is not answering: no socket after {START_S} s', tail(self.log),
                              f'try {self.program} --help by hand')
            time.sleep(0.02)

    def failure(self, when):
        """The Failure for a GPU process that ended by itself."""
        why = self.errors if self.errors.stat().st_size else self.log
        return Failure(f'vgpu ended {when} (status {self.process.poll()})', tail(why), f'its log is {self.log}')

    def finish(self):
        """Let the process end by itself, as it does when its client leaves: a sanitizer reports then. Its status."""
        proc.wait(self.process, END_S)
        self.stop()
        return self.process.returncode

    def stop(self):
        """End the process."""
        proc.kill(self.process)
