import type { Step } from './script.ts';

/** Words of this run that stand for the same thing in every run. */
export interface Known {
  readonly ns: string;
  readonly rand: string;
  readonly folder: string;
  readonly cases: string;
  readonly server: string;
}

/** What differs from run to run, in the order in which it is replaced. */
const changing: readonly (readonly [RegExp, string])[] = [
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '{uid}'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '{token}'],
  [/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)/g, '{time}'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '{time}'],
  [/\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( [+-]\d{4} \w+)?/g, '{time}'],
  [/\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun) \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, '{time}'],
  [/("?resourceVersion"?: *"?|Resource Version: *)\d+/gi, '$1{version}'],
  [/\b10\.\d+\.\d+\.\d+\b/g, '{address}'],
  [/\bkube-api-access-\w{5}\b/g, 'kube-api-access-{suffix}'],
  [/\bapplyset-[\w-]{43}-v1\b/g, 'applyset-{id}-v1'],
  [/^([IWE])\d{4} \d\d:\d\d:\d\d\.\d+ +\d+ /gm, '$1{log} '],
  [/\b3[0-2]\d{3}\b/g, '{port}'],
  [/(^|[ (])(\d+y)?(\d+d)?(\d+h)?(\d+m)?\d+(\.\d+)?(s|ms|µs)( ago)?(?=$|[ )])/gm, '$1{age}$8'],
  // Without seconds it may be a quantity: only in columns.
  [/(?<=[^:\s] {2,})(\d+y)?(\d+d)?(\d+h)?(\d+m)?(?<=[ydhm])(?=$| )/gm, '{age}'],
];

/** Columns are as wide as their widest value, so runs of spaces inside a line count as two. */
export function normaliseOutput(output: string, { hide = [], unordered = false }: Step, known: Known): string[] {
  let text = output;
  if (known.server !== '')
    text = text.replaceAll(known.server, '{server}').replaceAll(known.server.replace(/^https:\/\//, ''), '{server}');
  text = text
    .replaceAll(known.folder, '{folder}')
    .replaceAll(known.cases, '{cases}')
    .replaceAll(known.ns, '{ns}')
    .replaceAll(known.rand, '{rand}');
  for (const [pattern, replacement] of changing) text = text.replace(pattern, replacement);
  for (const pattern of hide) text = text.replace(new RegExp(pattern, 'gm'), '{any}');
  const lines = text.split('\n').map((line) => line.trimEnd().replace(/(?<=\S) {2,}/g, '  '));
  if (lines.at(-1) === '') lines.pop();
  // client-go logs a watch that its own deadline cut off, or not, as time will have it.
  const told = lines.filter((line) => !/^[EIW]\{log\} .*reflector\.go/.test(line));
  return unordered ? told.sort() : told;
}
