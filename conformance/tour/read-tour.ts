/** A command of a document and what it prints there. */
export interface TourStep {
  readonly command: string;
  readonly output: readonly string[];
}

/** The steps below one heading: they share a shell. */
export interface TourSection {
  readonly title: string;
  readonly steps: readonly TourStep[];
}

/**
 * Reads the `console` blocks of a Markdown text. `$ ` begins a command, `> ` goes on with it, the rest is what it prints: `...` alone stands
 * for any number of lines, `…` within a line for any text.
 */
export function readTour(markdown: string): TourSection[] {
  const sections: { title: string; steps: { command: string; output: string[] }[] }[] = [];
  let isConsole = false;
  let isOther = false;
  for (const line of markdown.split('\n')) {
    const heading = /^#{1,4} (.+)$/.exec(line)?.[1];
    if (line.startsWith('```')) {
      if (isConsole || isOther) isConsole = isOther = false;
      else if (line === '```console') isConsole = true;
      else isOther = true;
    } else if (isConsole) {
      const steps = sections.at(-1)?.steps ?? [];
      const step = steps.at(-1);
      if (line.startsWith('$ ')) steps.push({ command: line.slice(2), output: [] });
      else if (/^> ?/.test(line) && step !== undefined && step.output.length === 0)
        step.command += `\n${line.replace(/^> ?/, '')}`;
      else step?.output.push(line.trimEnd());
    } else if (!isOther && heading !== undefined) sections.push({ title: heading, steps: [] });
  }
  return sections.filter(({ steps }) => steps.length > 0);
}

/** What differs from run to run. */
const changing: readonly (readonly [RegExp, string])[] = [
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})?/g, '{time}'],
  [/\b\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \w+ \d{4}/g, '{time}'],
  [/\b(10|172)\.\d+\.\d+\.\d+\b/g, '{address}'],
  [/-[0-9a-f]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-{pod}'],
  [/-(?=[bcdfghjklmnpqrstvwxz]*[2456789])[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-{suffix}'],
  [/\bnode-\d\b/g, '{node}'],
  [/\b3[0-2]\d{3}\b/g, '{port}'],
  [/(^|[ (])(\d+d)?(\d+h)?(\d+m)?(\d+s)?(?<=[dhms])( ago)?(?=$|[ )])/g, '$1{age}'],
];

export function normalised(line: string): string {
  let text = line;
  for (const [pattern, replacement] of changing) text = text.replace(pattern, replacement);
  return text.trimEnd().replace(/(?<=\S) {2,}/g, '  ');
}

function pattern(line: string): RegExp {
  const literal = normalised(line).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${literal.replaceAll('…', '.*')}$`);
}

/** Whether lines are what a document shows. */
export function matches(expected: readonly string[], actual: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return actual.length === 0;
  if (first === '...') {
    for (let skipped = 0; skipped <= actual.length; skipped++) if (matches(rest, actual.slice(skipped))) return true;
    return false;
  }
  const [line, ...others] = actual;
  return line !== undefined && pattern(first).test(normalised(line)) && matches(rest, others);
}
