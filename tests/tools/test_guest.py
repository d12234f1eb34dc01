# SPDX-License-Identifier: MIT

import subprocess
import tempfile
import unittest
from pathlib import Path

from tools import dmesg, initramfs, newer, rundir, vm
from tools.errors import Failure, tail
from tools.suites import guest


class Initramfs(unittest.TestCase):
    def test_archive_unpacks(self):
        archive = initramfs.Cpio()
        archive.file('a/b/file', b'hello', 0o755)
        archive.file('a/odd', b'123')
        text = archive.bytes()
        self.assertEqual(text[:6], b'070701')
        names = []
        at = 0
        while at < len(text):
            size, length = int(text[at + 54:at + 62], 16), int(text[at + 94:at + 102], 16)
            name = text[at + 110:at + 110 + length - 1].decode()
            data = (at + 110 + length + 3) & ~3
            names.append((name, int(text[at + 14:at + 22], 16), text[data:data + size]))
            at = (data + size + 3) & ~3
        self.assertEqual(names, [('a', 0o40755, b''), ('a/b', 0o40755, b''), ('a/b/file', 0o100755, b'hello'),
                                 ('a/odd', 0o100644, b'123'), ('TRAILER!!!', 0, b'')])

    def test_module_order(self):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / 'modules.dep').write_text('k/9p.ko.xz: k/netfs.ko.xz k/9pnet.ko.xz\n'
                                                'k/9pnet.ko.xz:\nk/netfs.ko.xz:\n'
                                                'k/9pnet-virtio.ko.xz: k/9pnet.ko.xz\n')
            (folder / 'modules.builtin').write_text('k/virtio_pci.ko\n')
            self.assertEqual(initramfs.module_files(folder, ['virtio_pci', '9pnet_virtio', '9p']),
                             ['k/9pnet.ko.xz', 'k/9pnet-virtio.ko.xz', 'k/netfs.ko.xz', 'k/9p.ko.xz'])
            with self.assertRaises(Failure):
                initramfs.module_files(folder, ['overlay'])


class Job(unittest.TestCase):
    def test_words_survive(self):
        words = ['printf', '%s|', 'a b', "it's", '$HOME', '*', '']
        script = vm.job_script(vm.Guest(cwd=Path('/')), words)
        self.assertEqual(subprocess.run(['sh', '-c', script], stdout=subprocess.PIPE, check=True).stdout,
                         b"a b|it's|$HOME|*||")

    def test_user(self):
        self.assertIn('setpriv --reuid=nobody', vm.job_script(vm.Guest(user='nobody'), ['id']))
        self.assertNotIn('setpriv', vm.job_script(vm.Guest(), ['id']))


class Logs(unittest.TestCase):
    def test_bad_lines(self):
        bad = ['[   1.0] WARNING: CPU: 0 PID: 1 at drivers/gpu/drm/i915/x.c:1',
               '[   1.0] i915 0000:00:02.0: [drm] *ERROR* Failed to reset chip',
               '[   1.0] i915 0000:00:02.0: [drm] rcs0: wait for forcewake timed out',
               '[   1.0] i915 0000:00:02.0: [drm] GPU HANG: ecode 7:1:85dffffb',
               '[   1.0] i915 0000:00:02.0: [drm] *ERROR* GT0: Timeout waiting for forcewake']
        for line in bad:
            self.assertEqual(dmesg.problems(line), [line])

    def test_good_lines(self):
        good = '''[    0.0] Linux version 6.12
[    1.0] [drm] Initialized i915 1.6.0 for 0000:00:02.0 on minor 0
[    1.0] i915 0000:00:02.0: [drm] Skipping intel_backlight registration'''
        self.assertEqual(dmesg.problems(good), [])

    def test_allowed(self):
        line = '[  1.0] i915 0000:00:02.0: [drm] GPU HANG: ecode 7:4:0'
        self.assertEqual(dmesg.problems(line, [r'GPU HANG: ecode 7:4']), [])

    def test_tail(self):
        with tempfile.TemporaryDirectory() as scratch:
            log = Path(scratch) / 'log'
            log.write_text(''.join(f'line {i}\r\n' for i in range(100)))
            self.assertEqual(tail(log, 2), '\n       | line 98\n       | line 99')
            self.assertIn('empty', tail(Path(scratch) / 'none'))


class GuestSuite(unittest.TestCase):
    def test_list(self):
        programs = guest.parse('\na /x/a\nhang /x/hang timeout=600 dmesg=GPU.HANG|Resetting\n')
        self.assertEqual([(program.name, program.timeout_s, program.dmesg) for program in programs],
                         [('a', guest.DEFAULT_S, []), ('hang', 600, ['GPU.HANG|Resetting'])])
        with self.assertRaises(Failure):
            guest.parse('a /x/a tiemout=3\n')

    def test_outputs(self):
        text = f'{guest.MARK} a\n1..1\nok 1\n\n{guest.MARK} status 3\nnoise\n{guest.MARK} b\nhalf'
        self.assertEqual(guest.outputs_of(text), {'a': ('1..1\nok 1\n', 3), 'b': ('half', None)})

    def test_script(self):
        programs = [guest.Program('yes', '/bin/true'), guest.Program('no', '/bin/false')]
        text = guest.script(programs).replace('> /dev/kmsg', '> /dev/null')
        out = subprocess.run(['sh', '-c', text], stdout=subprocess.PIPE, check=False, text=True).stdout
        self.assertEqual(guest.outputs_of(out), {'yes': ('', 0), 'no': ('', 1)})

    def test_logs(self):
        text = f'[ 1.0] boot\n[ 2.0] {guest.MARK} a\n[ 2.1] a WARNING: x\n[ 3.0] {guest.MARK} b\n'
        logs = guest.logs_of(text)
        self.assertEqual(logs[''], '[ 1.0] boot\n')
        self.assertEqual(len(dmesg.problems(logs['a'])), 1)
        self.assertEqual(dmesg.problems(logs['b']), [])


class Qemu(unittest.TestCase):
    def test_version(self):
        newer.check_version('QEMU emulator version 10.1.0 (Debian 1:10.1.0+ds-5)')
        newer.check_version('QEMU emulator version 11.1.3')
        for text in ('QEMU emulator version 10.0.8', 'QEMU emulator version 9.2.0', ''):
            with self.assertRaises(Failure):
                newer.check_version(text)


class Runs(unittest.TestCase):
    def test_sweep_keeps_the_last_and_the_live(self):
        with tempfile.TemporaryDirectory() as scratch:
            base = Path(scratch)
            for index in range(rundir.KEPT + 2):
                folder = base / f'{index:03}'
                folder.mkdir()
                (folder / 'console.log').touch()
                (folder / 'initramfs').touch()
            import fcntl
            with open(base / '000/lock', 'w') as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                rundir.sweep(base)
            left = sorted(path.name for path in base.iterdir())
            self.assertEqual(left[:2], ['000', '002'])
            self.assertEqual(len(left), rundir.KEPT + 1)
            self.assertTrue((base / '000/initramfs').exists())
            self.assertFalse((base / '005/initramfs').exists())
            self.assertTrue((base / '005/console.log').exists())
