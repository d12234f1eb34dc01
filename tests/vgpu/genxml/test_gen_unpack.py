#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests of gen_unpack.py: on small descriptions of its own, compiled and run, and on Mesa's."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

# The folder of the generator and Mesa's genxml, as meson.build gives them.
GENXML = Path(os.environ['VGPU_GENXML'])
MESA = Path(os.environ['MESA_GENXML'])
COMPILER = os.environ.get('CC', 'cc').split()
sys.dont_write_bytecode = True
sys.path.insert(0, str(GENXML))

import gen_unpack  # noqa: E402  pylint: disable=wrong-import-position

OLD = '''<genxml name="OLD" gen="6">
  <struct name="POINT" length="1">
    <field name="X" start="0" end="15" type="int" />
    <field name="Y" start="16" end="31" type="int" />
  </struct>
  <instruction name="GONE" length="1"><field name="Opcode" start="23" end="28" type="uint" default="1" /></instruction>
  <instruction name="CHANGED" length="1"><field name="Old" start="0" end="3" type="uint" /></instruction>
  <instruction name="KEPT" length="1"><field name="Opcode" start="23" end="28" type="uint" default="3" /></instruction>
</genxml>'''

NEW = '''<genxml name="NEW" gen="7">
  <import name="old.xml"><exclude name="GONE" /></import>
  <enum name="Colour" prefix="COLOUR"><value name="Dark Red" value="0x7" /></enum>
  <instruction name="CHANGED" bias="2" length="6" engine="render|blitter">
    <field name="DWord Length" start="0" end="7" type="uint" default="4" />
    <field name="Some Flag" start="8" end="8" type="bool" default="1" />
    <field name="MI Command Opcode" start="23" end="28" type="uint" default="5" />
    <field name="Command Type" start="29" end="31" type="uint" default="0" />
    <field name="Signed" start="32" end="39" type="int" />
    <field name="Unsigned" start="40" end="43" type="uint" prefix="KIND"><value name="big one" value="9" /></field>
    <field name="3D Mode" start="44" end="47" type="Colour" />
    <field name="Base" start="76" end="95" type="address" />
    <field name="Width" start="96" end="103" type="u4.4" />
    <field name="Bias" start="104" end="111" type="s3.4" />
    <field name="Ratio" start="128" end="159" type="float" />
    <field name="Place" start="160" end="191" type="POINT" />
  </instruction>
  <instruction name="3DSTATE LIST" bias="2">
    <field name="Command Type" start="29" end="31" type="uint" default="3" />
    <group count="2" start="32" size="64">
      <field name="Low" start="0" end="31" type="uint" />
      <field name="Wide" start="16" end="47" type="uint" />
    </group>
    <group count="0" start="160" size="32"><field name="Rest" start="0" end="31" type="uint" /></group>
  </instruction>
  <register name="SOME_REG" length="1" num="0x2044"><field name="Count" start="4" end="7" type="uint" /></register>
</genxml>'''

PROGRAM = r'''
#include <stdio.h>
#include <stdlib.h>
#include "out.h"
int main(void)
{
   uint32_t dw[6] = { 0x02800104, 0x000079fe, 0xabcdefff, 0x0000f01c, 0x40490fdb, 0xfffe0003 };
   struct GFX7_CHANGED c;
   GFX7_CHANGED_unpack(&c, dw, 6);
   printf("%d %d %u %u %llx %g %u %g %u %.4f %d %d\n", c.SomeFlag, c.Signed, c.Unsigned, c._3DMode,
          (unsigned long long)c.Base, c.Width, c.Width_raw, c.Bias, c.Bias_raw, c.Ratio, c.X, c.Y);
   printf("%x %x %d %d\n", GFX7_CHANGED_header, GFX7_CHANGED_header_mask, GFX7_CHANGED_length_bias,
          GFX7_CHANGED_length_dw);
   printf("%d %d %x\n", GFX7_COLOUR_DarkRed, GFX7_CHANGED_KIND_bigone, GFX7_SOME_REG_num);

   /* Memory that ends with the command: a sanitizer sees what reads on. */
   uint32_t *end = malloc(8);
   end[0] = dw[0], end[1] = dw[1];
   GFX7_CHANGED_unpack(&c, end, 2);
   printf("%d %d %llx %g %d\n", c.SomeFlag, c.Signed, (unsigned long long)c.Base, c.Ratio, c.Y);
   free(end);

   uint32_t list[5] = { 0x60000000, 0x11112222, 0x33334444, 0x55556666, 0x77778888 };
   struct GFX7_3DSTATE_LIST l;
   GFX7_3DSTATE_LIST_unpack(&l, list, 5);
   printf("%x %x %x %x\n", l.Low_0, l.Wide_0, l.Low_1, l.Wide_1);
   return 0;
}
'''

EXPECTED = '''1 -2 9 7 abcde000 1.75 28 -1 240 3.1416 3 -2
2800000 ff800000 2 6
7 9 2044
1 -2 0 0 0
11112222 44441111 55556666 88885555
'''


def generate(folder, genxml, addendum):
    """Runs the generator as the build does; the finished process."""
    command = [sys.executable, GENXML / 'gen_unpack.py', genxml, addendum, folder / 'out.h', folder / 'out.c']
    return subprocess.run(command, capture_output=True, text=True, check=False)


class Generated(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / 'old.xml').write_text(OLD, encoding='utf-8')
        (self.folder / 'new.xml').write_text(NEW, encoding='utf-8')

    def addendum(self, text):
        path = self.folder / 'extra.xml'
        path.write_text(f'<genxml name="EXTRA" gen="7">{text}</genxml>', encoding='utf-8')
        return path

    def compile(self, *sources):
        program = self.folder / 'program'
        subprocess.run([*COMPILER, '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined',
                        f'-I{self.folder}', f'-I{GENXML}', '-o', program, *sources], check=True)
        return program

    def test_fields_are_unpacked(self):
        done = generate(self.folder, self.folder / 'new.xml', self.addendum(''))
        self.assertEqual(done.returncode, 0, done.stderr)
        (self.folder / 'program.c').write_text(PROGRAM, encoding='utf-8')
        program = self.compile(self.folder / 'program.c')
        self.assertEqual(subprocess.run([program], capture_output=True, text=True, check=True).stdout, EXPECTED)

    def test_imports(self):
        items = gen_unpack.load(self.folder / 'new.xml')
        self.assertIn(('instruction', 'KEPT'), items)
        self.assertNotIn(('instruction', 'GONE'), items)
        self.assertEqual(items['instruction', 'CHANGED'].get('length'), '6')

    def test_addendum_adds_and_moves(self):
        extra = self.addendum('<runs-on name="KEPT" engine="video" /><instruction name="MORE" length="1" '
                              'engine="blitter"><field name="Opcode" start="23" end="28" type="uint" default="9" />'
                              '</instruction>')
        done = generate(self.folder, self.folder / 'new.xml', extra)
        self.assertEqual(done.returncode, 0, done.stderr)
        table = (self.folder / 'out.c').read_text(encoding='utf-8')
        self.assertIn('{ "KEPT", GFX7_ENGINE_VIDEO, 0x01800000u, 0x1f800000u,', table)
        self.assertIn('{ "MORE", GFX7_ENGINE_BLITTER, 0x04800000u,', table)
        self.assertIn('{ "CHANGED", GFX7_ENGINE_RENDER | GFX7_ENGINE_BLITTER, 0x02800000u, 0xff800000u, 8, 2, 6,', table)

    def test_addendum_does_not_repeat_mesa(self):
        done = generate(self.folder, self.folder / 'new.xml', self.addendum('<instruction name="KEPT" length="1" />'))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn('describes again what Mesa has: KEPT', done.stderr)


class Mesa(unittest.TestCase):
    """What the device needs of Mesa's description and ours together."""

    @classmethod
    def setUpClass(cls):
        items = gen_unpack.load(MESA / 'gen70.xml')
        extra = gen_unpack.load(GENXML / 'gfx70_extra.xml')
        items.update({key: item for key, item in extra.items() if key[0] != 'runs-on'})
        structs = {name: element for (tag, name), element in items.items() if tag == 'struct'}
        cls.instructions = [gen_unpack.Packet(element, structs) for (tag, _), element in items.items()
                            if tag == 'instruction']

    def test_masks_are_those_of_the_client(self):
        masks = {0: 0xff800000, 2: 0xffc00000, 3: 0xffff0000}
        for packet in self.instructions:
            with self.subTest(packet.name):
                self.assertEqual(packet.mask, masks[packet.header >> 29])
                self.assertEqual(packet.header & ~packet.mask, 0)

    def test_no_two_commands_of_an_engine_are_alike(self):
        seen = {}
        for packet in self.instructions:
            for engine in packet.engines:
                self.assertNotIn((engine, packet.header), seen, packet.name)
                seen[engine, packet.header] = packet.name

    def test_every_command_has_a_length(self):
        for packet in self.instructions:
            with self.subTest(packet.name):
                self.assertTrue(packet.length_bits or packet.length == 1)

    def test_fields_do_not_overlap(self):
        """Of our own packets; Mesa has some that mean different things in different modes."""
        ours = {name for tag, name in gen_unpack.load(GENXML / 'gfx70_extra.xml') if tag == 'instruction'}
        for packet in self.instructions:
            if packet.name not in ours:
                continue
            taken = set()
            for field in packet.fields:
                bits = set(range(field.start, field.end + 1))
                self.assertFalse(taken & bits, f'{packet.name}: {field.name}')
                taken |= bits
            if packet.length:
                self.assertLess(max(taken), 32 * packet.length, packet.name)

    def test_length_defaults(self):
        """The default of DWord Length is the length that a packet has."""
        for packet in self.instructions:
            length = next((field for field in packet.fields if field.name == 'DWordLength'), None)
            if packet.length and length is not None and packet.name.startswith(('XY_', 'COLOR_', 'SRC_', 'MI_')):
                with self.subTest(packet.name):
                    self.assertEqual(length.default + packet.bias, packet.length)


if __name__ == '__main__':
    unittest.main()
