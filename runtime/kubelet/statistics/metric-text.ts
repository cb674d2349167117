export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at?: number;
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge';
  readonly samples: readonly Sample[];
}

export const metricType = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

/** As Go writes a float: with an exponent from a million on, and below a ten-thousandth. */
function numberText(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return value === 0 ? '0' : String(value);
  const [digits = '', power = '0'] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent < 6) return String(value);
  const size = Math.abs(exponent);
  return `${digits}e${exponent < 0 ? '-' : '+'}${size < 10 ? `0${size}` : size}`;
}

function sampleLine(name: string, { labels = {}, value, at }: Sample): string {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, text]) => `${label}="${escaped(text)}"`);
  const place = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
  return `${place} ${numberText(value)}${at === undefined ? '' : ` ${at}`}`;
}

/** Prometheus' text format, sorted by name; families without samples are left out. */
export function metricText(families: readonly Family[]): string {
  const lines = families
    .filter(({ samples }) => samples.length > 0)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(({ name, help, type, samples }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} ${type}`,
      ...samples.map((sample) => sampleLine(name, sample)),
    ]);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}
