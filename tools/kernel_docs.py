# SPDX-License-Identifier: MIT
"""The kernel's documentation of i915, built from the patched source with Debian's Sphinx and the kernel's own extensions.

Only the pages that the series touches or adds to are built: the whole Documentation takes an hour.
"""

import re
import shutil

from . import cache, kernel, paths, sandbox, series, sources

PAGES = ('i915', 'driver-uapi', 'drm-usage-stats')
# What conf.py and the pages read, beyond what the series touches.
TOOLS = ('Makefile', 'scripts/kernel-doc', 'Documentation/conf.py', 'Documentation/sphinx', 'Documentation/sphinx-static')
INCLUDED = re.compile(r'(?m)^\.\. kernel-doc:: (\S+)')
INDEX = 'Pages\n=====\n\n.. toctree::\n\n' + ''.join(f'   {page}\n' for page in PAGES)
BUILD = '''
sphinx-build -q -b html -c "$1/Documentation" -d "$2/doctrees" \
    -D version=6.12 -D release=6.12 -D kerneldoc_srctree="$1" -D kerneldoc_bin="$1/scripts/kernel-doc" \
    "$2/pages" "$2/html" 2>&1 || echo "WARNING: sphinx-build failed"
'''


def copy(pristine, tree, name):
    """One file or folder of the pristine source, unless the series has put it there."""
    source, target = pristine / name, tree / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists() and not target.exists():
        shutil.copy(source, target)


def build():
    """Build the pages in build/kernel-docs; (what was printed, the files that the series touches)."""
    pristine = sources.linux() / 'tree'
    folder = paths.BUILD / 'kernel-docs'
    tree, pages = folder / 'source', folder / 'pages'
    cache.remove(folder)
    for place in (tree, pages):
        place.mkdir(parents=True)
    patches = series.patches(kernel.PATCHES)
    series.apply(pristine, patches, tree, f'Linux {sources.version(pristine.parent)}')
    touched = set().union(*[series.touched(patch) for patch in patches])
    for name in TOOLS:
        copy(pristine, tree, name)
    for page in PAGES:
        name = f'Documentation/gpu/{page}.rst'
        copy(pristine, tree, name)
        shutil.copy(tree / name, pages)
        for included in INCLUDED.findall((tree / name).read_text(encoding='utf-8')):
            copy(pristine, tree, included)
    (pages / 'index.rst').write_text(INDEX, encoding='utf-8')
    return sandbox.output(['sh', '-c', BUILD, 'sh', tree, folder], 'building the documentation',
                          env={'srctree': str(tree)}), touched


def warnings(text, touched):
    """The lines that tell of trouble in files that the series touches, or that nothing was built."""
    names = touched | {f'pages/{page}.rst' for page in PAGES if f'Documentation/gpu/{page}.rst' in touched}
    return [line for line in text.splitlines()
            if 'sphinx-build failed' in line or any(name in line for name in names)]
