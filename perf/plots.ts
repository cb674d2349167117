/** Plots as SVG text: pure functions of their numbers, coloured by the classes `s0`, `s1` … of the page. */

export const escapeText = (text: string) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Three significant digits, thousands apart. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** Horizontal bars from zero, each with a whisker from its lowest to its highest turn. */
export function barPlot(bars: readonly Bar[]): string {
  const [width, rowHeight, left, right] = [520, 26, 150, 70];
  const most = Math.max(...bars.map((bar) => bar.high)) || 1;
  const x = (value: number) => left + (value / most) * (width - left - right);
  const rows = bars.map((bar, i) => {
    const middle = i * rowHeight + rowHeight / 2;
    return [
      `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${escapeText(bar.label)}</text>`,
      `<rect class="s${i}" x="${left}" y="${middle - 8}" width="${(x(bar.value) - left).toFixed(1)}" height="16"/>`,
      `<path class="whisker" d="M${x(bar.low).toFixed(1)} ${middle}H${x(bar.high).toFixed(1)}"/>`,
      `<text x="${(x(bar.high) + 6).toFixed(1)}" y="${middle + 4}">${shortNumber(bar.value)}</text>`,
    ].join('');
  });
  return `<svg viewBox="0 0 ${width} ${bars.length * rowHeight}" role="img">${rows.join('')}</svg>`;
}

export interface Line {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Axes {
  readonly x: string;
  readonly y: string;
  readonly logX?: boolean;
  /** A mark at every point, for few of them. */
  readonly dots?: boolean;
}

/** A round step that cuts the range into four or so. */
function stepFor(range: number): number {
  const raw = range / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  return (([1, 2, 5] as const).find((factor) => factor * power >= raw) ?? 10) * power;
}

function ticks(most: number): number[] {
  if (most <= 0) return [0];
  const step = stepFor(most);
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, i) => i * step);
}

/** Lines over a common x; y starts at zero, so that what looks flat is flat. */
export function linePlot(lines: readonly Line[], axes: Axes): string {
  const [width, height, left, bottom, top] = [520, 200, 60, 34, 10];
  const all = lines.flatMap((line) => line.points);
  if (all.length === 0) return '';
  const xs = [...new Set(all.map(([x]) => x))].sort((a, b) => a - b);
  const [low = 0, high = 1] = [xs[0], xs.at(-1)];
  const mostY = (Math.max(...all.map(([, y]) => y)) || 1) * 1.05;
  const scale = (x: number) => (axes.logX === true ? Math.log(Math.max(x, 1)) : x);
  const range = scale(high) - scale(low) || 1;
  const px = (x: number) => (left + ((scale(x) - scale(low)) / range) * (width - left - 20)).toFixed(1);
  const py = (y: number) => (height - bottom - (y / mostY) * (height - bottom - top)).toFixed(1);
  const xTicks = axes.dots === true ? xs : ticks(high).filter((x) => x >= low);
  const grid = [
    ...ticks(mostY).map(
      (y) =>
        `<path class="grid" d="M${left} ${py(y)}H${width - 20}"/><text x="${left - 6}" y="${Number(py(y)) + 4}" text-anchor="end">${shortNumber(y)}</text>`,
    ),
    ...xTicks.map(
      (x) => `<text x="${px(x)}" y="${height - bottom + 15}" text-anchor="middle">${shortNumber(x)}</text>`,
    ),
  ];
  const drawn = lines.map((line, i) => {
    const path = line.points.map(([x, y]) => `${px(x)},${py(y)}`).join(' ');
    const dots = line.points.map(([x, y]) => `<circle class="s${i}" cx="${px(x)}" cy="${py(y)}" r="3"/>`);
    return `<polyline class="l${i}" points="${path}"/>${axes.dots === true ? dots.join('') : ''}`;
  });
  const names = `<text x="${width - 20}" y="${height - 3}" text-anchor="end">${escapeText(axes.x)}</text><text x="4" y="${height - 3}">${escapeText(axes.y)}</text>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img">${grid.join('')}${drawn.join('')}${names}</svg>`;
}
