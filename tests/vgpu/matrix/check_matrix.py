#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compare the tables in docs/vgpu.md with those that the device works by; --update writes them."""

import argparse
import difflib
import subprocess
import sys
from pathlib import Path

BEGIN, END = '<!-- support matrix: begin -->\n', '<!-- support matrix: end -->\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('program', help='print_matrix')
    parser.add_argument('document', type=Path, help='docs/vgpu.md')
    parser.add_argument('--update', action='store_true', help='write the tables into the document')
    arguments = parser.parse_args()

    tables = '\n' + subprocess.run([arguments.program], check=True, capture_output=True, text=True).stdout
    text = arguments.document.read_text(encoding='utf-8')
    before, begin, rest = text.partition(BEGIN)
    written, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f'{arguments.document}: the lines {BEGIN.strip()} and {END.strip()} are missing')
    if arguments.update:
        arguments.document.write_text(before + begin + tables + end + after, encoding='utf-8')
    elif written != tables:
        sys.stdout.writelines(difflib.unified_diff(written.splitlines(True), tables.splitlines(True),
                                                   str(arguments.document), 'the device'))
        sys.exit(f'{arguments.document} is not what the device does: {sys.argv[0]} --update writes the tables anew')


if __name__ == '__main__':
    main()
