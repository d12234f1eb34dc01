#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Write C decoders of the packets and state structures that Mesa's genxml describes.

Mesa's own generator packs; a device unpacks. The addendum has the commands that Mesa has no use for.
"""

import argparse
import re
import xml.etree.ElementTree as ET
from pathlib import Path

ENGINES = ('render', 'video', 'blitter')
LENGTH_FIELD = 'DWord Length'
# Fields of the first DWord that say which command it is; others have defaults as well.
OPCODE_FIELD = re.compile(r'Opcode|CommandType|CommandSub[Tt]ype|Pipeline')


def load(path):
    """The elements of a genxml file and of those that it imports, by (tag, name)."""
    root = ET.parse(path).getroot()
    items = {}
    for element in root.findall('import'):
        excluded = {exclude.get('name') for exclude in element.findall('exclude')}
        items.update({key: item for key, item in load(path.parent / element.get('name')).items()
                      if key[1] not in excluded})
    items.update({(element.tag, element.get('name')): element for element in root if element.tag != 'import'})
    return items


def identifier(text):
    """A C identifier in Mesa's way: letters and digits of the name, `_` before a leading digit."""
    name = re.sub(r'[^A-Za-z0-9_]', '', text)
    return '_' + name if name[:1].isdigit() else name


class Field:
    """A field as it stands in DWords: bits start to end, counted from bit 0 of DWord 0."""

    def __init__(self, element, offset=0, suffix=''):
        self.name = identifier(element.get('name')) + suffix
        self.start = int(element.get('start')) + offset
        self.end = int(element.get('end')) + offset
        self.type = element.get('type')
        default = element.get('default')
        self.default = int(default, 0) if default is not None else None
        self.values = [(value.get('name'), int(value.get('value'), 0)) for value in element.findall('value')]
        self.prefix = element.get('prefix')

    @property
    def width(self):
        return self.end - self.start + 1

    @property
    def fraction_bits(self):
        match = re.fullmatch(r'[us](\d+)\.(\d+)', self.type)
        return int(match.group(2)) if match else None

    @property
    def is_float(self):
        return self.type == 'float' or self.fraction_bits is not None

    @property
    def c_type(self):
        if self.is_float:
            return 'float'
        if self.type == 'bool':
            return 'bool'
        signed = self.type == 'int'
        return ('int' if signed else 'uint') + ('64_t' if self.width > 32 or self.type == 'address' else '32_t')

    def expression(self):
        """C that yields the field from `dw`; gfx7_bits() reads bits, DWords beyond the command as 0."""
        bits = f'gfx7_bits(dw, len_dw, {self.start}, {self.end})'
        if self.type in ('address', 'offset'):
            # These are stored without their low bits, which are zero.
            return f'{bits} << {self.start % 32}' if self.start % 32 else bits
        if self.type == 'float' and self.width == 32:
            return f'gfx7_float({bits})'
        if self.fraction_bits is not None:
            value = f'gfx7_signed({bits}, {self.width})' if self.type[0] == 's' else f'(double){bits}'
            return f'{value} / {float(1 << self.fraction_bits)}'
        if self.type == 'int':
            return f'gfx7_signed({bits}, {self.width})'
        return bits


def fields_of(element, structs, offset=0, suffix=''):
    """All fields, groups of a fixed count unrolled; those of variable count are the reader's to walk."""
    found = []
    for child in element:
        if child.tag == 'field' and child.get('name'):
            struct = structs.get(child.get('type'))
            if struct is not None:
                found += fields_of(struct, structs, offset + int(child.get('start')), suffix)
            else:
                found.append(Field(child, offset, suffix))
        elif child.tag == 'group':
            start, size = int(child.get('start')), int(child.get('size'))
            for index in range(int(child.get('count'))):
                found += fields_of(child, structs, offset + start + index * size, f'{suffix}_{index}')
    unique = {}
    for field in found:
        name, count = field.name, 1
        while field.name in unique:
            count += 1
            field.name = f'{name}_{count}'
        unique[field.name] = field
    return list(unique.values())


class Packet:
    """An instruction, structure or register."""

    def __init__(self, element, structs):
        self.name = identifier(element.get('name').replace(' ', '_')).lstrip('_')
        self.fields = fields_of(element, structs)
        self.bias = int(element.get('bias', 0))
        self.length = int(element.get('length', 0))
        self.engines = (element.get('engine') or '|'.join(ENGINES)).split('|')
        self.header = self.mask = 0
        self.length_bits = 0
        for field in self.fields:
            if field.name == identifier(LENGTH_FIELD) and field.end < 32:
                self.length_bits = field.width
            elif field.default is not None and field.end < 32 and OPCODE_FIELD.search(field.name):
                self.header |= field.default << field.start
                self.mask |= ((1 << field.width) - 1) << field.start

    def unpack(self):
        """The structure and the function that fills it; fixed point numbers are there as their bits as well."""
        members, code = [], []
        for field in self.fields:
            members.append(f'   {field.c_type} {field.name};')
            code.append(f'   v->{field.name} = {field.expression()};')
            if field.fraction_bits is not None:
                members.append(f'   uint32_t {field.name}_raw;')
                code.append(f'   v->{field.name}_raw = gfx7_bits(dw, len_dw, {field.start}, {field.end});')
        members = '\n'.join(members) or '   char empty;'
        code = '\n'.join(code) or '   v->empty = 0;'
        return (f'struct GFX7_{self.name} {{\n{members}\n}};\n\n'
                f'static inline void\nGFX7_{self.name}_unpack(struct GFX7_{self.name} *v, const uint32_t *dw, '
                f'unsigned len_dw)\n{{\n   (void)dw, (void)len_dw;\n{code}\n}}\n')

    def constants(self, tag, element):
        lines = []
        if tag == 'instruction':
            lines += [f'#define GFX7_{self.name}_header 0x{self.header:08x}u',
                      f'#define GFX7_{self.name}_header_mask 0x{self.mask:08x}u',
                      f'#define GFX7_{self.name}_length_bias {self.bias}']
        if tag == 'register':
            lines.append(f'#define GFX7_{self.name}_num {element.get("num")}')
        if self.length:
            lines.append(f'#define GFX7_{self.name}_length_dw {self.length}')
        for field in self.fields:
            for name, value in field.values:
                prefix = field.prefix if field.prefix else field.name
                lines.append(f'#define GFX7_{self.name}_{identifier(prefix)}_{identifier(name).lstrip("_")} {value}')
        return lines


PROLOGUE = '''/* Made by gen_unpack.py from Mesa's genxml: do not edit. */

#ifndef GFX7_UNPACK_H
#define GFX7_UNPACK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/** Bits start to end of a packet; what is beyond its end reads 0. */
static inline uint64_t
gfx7_bits(const uint32_t *dw, unsigned len_dw, unsigned start, unsigned end)
{
   const unsigned first = start / 32, shift = start % 32, width = end - start + 1;
   uint64_t value = first < len_dw ? dw[first] >> shift : 0;

   if (shift + width > 32 && first + 1 < len_dw)
      value |= (uint64_t)dw[first + 1] << (32 - shift);
   return width < 64 ? value & ((1ull << width) - 1) : value;
}

static inline int64_t
gfx7_signed(uint64_t bits, unsigned width)
{
   return (int64_t)(bits << (64 - width)) >> (64 - width);
}

static inline float
gfx7_float(uint32_t bits)
{
   float value;
   memcpy(&value, &bits, sizeof(value));
   return value;
}
'''


def write_header(items, packets, path):
    lines = [PROLOGUE]
    for (tag, name), element in items.items():
        if tag == 'enum':
            prefix = identifier(element.get('prefix') or name)
            lines += [f'#define GFX7_{prefix}_{identifier(value.get("name")).lstrip("_")} {int(value.get("value"), 0)}'
                      for value in element.findall('value')]
        elif (tag, name) in packets:
            packet = packets[tag, name]
            lines += [''] + packet.constants(tag, element) + ['', packet.unpack()]
    path.write_text('\n'.join(lines) + '\n#endif\n', encoding='utf-8')


def write_table(packets, path):
    lines = ["/* Made by gen_unpack.py from Mesa's genxml: do not edit. */", '', '#include "gfx7_table.h"', '']
    rows = []
    for (tag, _), packet in packets.items():
        if tag != 'instruction':
            continue
        lines.append(f'static const struct gfx7_field fields_{packet.name}[] = {{')
        for field in packet.fields:
            kind = ('FLOAT' if field.type == 'float' else 'ADDRESS' if field.type in ('address', 'offset')
                    else 'INT' if field.type == 'int' else 'UINT')
            lines.append(f'   {{ "{field.name}", {field.start}, {field.end}, GFX7_FIELD_{kind} }},')
        lines.append('};')
        engines = ' | '.join(f'GFX7_ENGINE_{engine.upper()}' for engine in packet.engines if engine in ENGINES)
        rows.append(f'   {{ "{packet.name}", {engines}, 0x{packet.header:08x}u, 0x{packet.mask:08x}u, '
                    f'{packet.length_bits}, {packet.bias}, {packet.length}, fields_{packet.name}, '
                    f'{len(packet.fields)} }},')
    lines += ['', 'const struct gfx7_instruction gfx7_instructions[] = {', *rows, '};', '',
              f'const unsigned gfx7_num_instructions = {len(rows)};', '']
    path.write_text('\n'.join(lines), encoding='utf-8')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('genxml', type=Path, help="Mesa's file of the generation, e.g. gen70.xml")
    parser.add_argument('addendum', type=Path, help='our file of the commands that it lacks')
    parser.add_argument('header', type=Path, help='C header to write: structures and their decoders')
    parser.add_argument('table', type=Path, help='C source to write: the table of all commands')
    arguments = parser.parse_args()

    items = load(arguments.genxml)
    addendum = load(arguments.addendum)
    engines = {name: element.get('engine') for (tag, name), element in addendum.items() if tag == 'runs-on'}
    extra = {key: element for key, element in addendum.items() if key[0] != 'runs-on'}
    if both := sorted(name for _, name in set(items) & set(extra)):
        parser.error(f'{arguments.addendum} describes again what Mesa has: {", ".join(both)}')
    items.update(extra)
    for name, engine in engines.items():
        items['instruction', name].set('engine', engine)

    structs = {name: element for (tag, name), element in items.items() if tag == 'struct'}
    packets = {key: Packet(element, structs) for key, element in items.items()
               if key[0] in ('instruction', 'struct', 'register')}
    write_header(items, packets, arguments.header)
    write_table(packets, arguments.table)


if __name__ == '__main__':
    main()
