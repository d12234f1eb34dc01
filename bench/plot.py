# SPDX-License-Identifier: MIT
"""The figures that have a baseline, as bars, by the gnuplot of the Debian root."""

from tools import sandbox

SCRIPT = '''
set terminal pngcairo noenhanced size 1280,720 font "sans,11" background "white"
set output "{png}"
set title "{title}"
set style fill solid 0.85 border -1
set boxwidth 0.7
set grid ytics lc rgb "#d0d0d0"
set yrange [{bottom:.3g}:{top:.3g}]
set rmargin 14
set bmargin 8
set ylabel "{ylabel}"
set xtics rotate by -35 scale 0
unset key
{extra}
plot "{data}" using 1:3:xtic(2) with boxes lc rgb "#3465a4", \\
     "{data}" using 1:3:4:5 with yerrorbars lc rgb "black" ps 0, \\
     "{data}" using 1:3:(sprintf("%.2g", $3)) with labels offset 0,0.9
'''


def bars(figures, png, title, ylabel, goals=(), logarithmic=False):
    """Draw the ratio of each figure to its baseline."""
    data = png.with_suffix('.dat')
    lines = []
    top = max((goal for _, goal in goals), default=0)
    bottom = 1
    for index, figure in enumerate(figures):
        low, high = (value / figure.baseline.median for value in (min(figure.samples.values),
                                                                  max(figure.samples.values)))
        top, bottom = max(top, high), min(bottom, low)
        label = figure.name.partition('/')[2].replace('"', '')
        lines.append(f'{index} "{label}" {figure.ratio:.6g} {low:.6g} {high:.6g}\n')
    data.write_text(''.join(lines), encoding='utf-8')
    extra = ''.join(f'set arrow from graph 0, first {goal} to graph 1, first {goal} nohead dt 2 lc rgb "#cc0000"\n'
                    f'set label "goal {name}" at graph 0.995, first {goal} right offset 0,0.5 tc rgb "#cc0000"\n'
                    for name, goal in goals)
    if logarithmic:
        extra += 'set logscale y\nset arrow from graph 0, first 1 to graph 1, first 1 nohead dt 2\n'
    script = png.with_suffix('.gnuplot')
    low, high = (bottom / 2, top * 2) if logarithmic else (0, top * 1.15)
    script.write_text(SCRIPT.format(png=png, data=data, title=title, ylabel=ylabel, extra=extra, bottom=low, top=high),
                      encoding='utf-8')
    sandbox.run(['gnuplot', script], 'drawing the plot', f'gnuplot-{png.stem}')
