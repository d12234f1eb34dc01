# SPDX-License-Identifier: MIT
"""QEMU's command line for the guest, and the choice between TCG and KVM."""

import functools
import json
import os
import re
import subprocess
from pathlib import Path

from . import newer, proc

GPU_SOCKET = 'gpu.sock'
# The accelerator's "slot 2": where every Intel GPU of the time sits on its bus.
GPU_ADDRESS = '02.0'
# Devices in JSON form are made last, so the others must not take the GPU's slot: all have their own.
RNG_ADDRESS = '04.0'
SERIAL_ADDRESS = '05.0'
FIRST_SHARE_SLOT = 6
KVM_PROBE_S = 5

# A processor that is said to be fast at REP MOVSB gets it for every copy, and TCG does that byte by byte: a third of the
# speed on memory, and a message to the GPU process for each byte of the aperture (i915 copies error states from there).
TCG_CPU = 'max,-fsrm,-erms'


def machine(memory_mib, cpus, kvm):
    """The machine. The guest's memory is a shared memfd, so that the GPU process can map it."""
    accelerator = ['-accel', 'kvm', '-cpu', 'host'] if kvm else ['-accel', 'tcg,thread=multi', '-cpu', TCG_CPU]
    return accelerator + [
        '-smp', str(cpus), '-m', f'{memory_mib}M',
        '-object', f'memory-backend-memfd,id=memory,size={memory_mib}M,share=on',
        '-machine', 'q35,memory-backend=memory',
        '-nodefaults', '-no-user-config', '-display', 'none', '-vga', 'none', '-no-reboot',
    ]


def share(index, folder, tag, writable):
    """A folder of the host, by 9p."""
    access = '' if writable else ',readonly=on'
    escaped = str(folder).replace(',', ',,')
    return ['-fsdev', f'local,id=fs{index},path={escaped},security_model=passthrough,multidevs=remap{access}',
            '-device', f'virtio-9p-pci,fsdev=fs{index},mount_tag={tag},addr={FIRST_SHARE_SLOT + index:02x}.0']


def port(name, descriptor, kind):
    """A virtio-serial port on an inherited socket. kind is virtserialport or virtconsole."""
    return ['-chardev', f'socket,id={name},fd={descriptor}', '-device', f'{kind},chardev={name},name=zerocopy.{name}']


def gpu():
    """The GPU process's socket, relative to QEMU's folder: socket paths are short."""
    return ['-device', json.dumps({'driver': 'vfio-user-pci', 'addr': GPU_ADDRESS,
                                   'socket': {'type': 'unix', 'path': GPU_SOCKET}})]


@functools.cache
def kvm_works(image):
    """KVM only where it really runs a kernel: some hosts have a /dev/kvm that opens and then fails."""
    try:
        cpuinfo = Path('/proc/cpuinfo').read_text(encoding='utf-8')
    except OSError:
        return False
    if not re.search(r'(?m)^flags\s*:.*\b(vmx|svm)\b', cpuinfo) or not os.access('/dev/kvm', os.R_OK | os.W_OK):
        return False
    # Without an initramfs and a root the kernel panics at the end of its boot: that it gets so far is the answer.
    command = newer.qemu() + machine(512, 1, kvm=True) + [
        '-serial', 'stdio', '-kernel', image, '-append', 'console=ttyS0 panic=-1']
    process = proc.spawn(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        text = process.communicate(timeout=KVM_PROBE_S)[0]
    except subprocess.TimeoutExpired:
        return False
    finally:
        proc.kill(process)
    return b'Kernel panic' in text
