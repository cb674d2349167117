import { errorText } from '../../files/errors.ts';
import { resolvePath } from '../../files/path.ts';
import { dateText } from '../date-text.ts';
import type { ShellProgram } from '../shell-process.ts';
import { timeZoneOf, utc } from '../time-zone.ts';
import { dateMs } from './date-input.ts';
import { parseOptions } from './options.ts';

/** Of `date -I`, by the first letter of how fine it is to be. */
const isoFormats: Readonly<Record<string, string>> = {
  h: '%Y-%m-%dT%H%:z',
  m: '%Y-%m-%dT%H:%M%:z',
  s: '%Y-%m-%dT%H:%M:%S%:z',
  n: '%Y-%m-%dT%H:%M:%S,%N%:z',
};

const date: ShellProgram = (args, process) => {
  const options = parseOptions(
    // The fineness is a part of the word or missing.
    args.map((arg) =>
      arg.replace(/^(?:-(u?)I|--iso-8601=?)(.*)$/, (_, u = '', kind = '') => `-${u}I${kind || 'date'}`),
    ),
    {
      letters: 'uRd:s:r:I:D:',
      long: { utc: 'u', 'rfc-2822': 'R', 'rfc-email': 'R', date: 'd', reference: 'r', universal: 'u' },
    },
    process,
  );
  if (options === undefined) return 1;
  const { clock, stdout, stderr, files, cwd } = process;
  const zone = options.has('u') ? utc : timeZoneOf(process.variables.get('TZ'));
  const given = options.value('d') ?? options.value('s');
  const reference = options.value('r');
  let at: number | undefined = clock.now();
  if (given !== undefined) at = dateMs(given, at, zone);
  else if (reference !== undefined) at = files.stat(resolvePath(cwd, reference))?.modifiedAt;
  if (at === undefined || Number.isNaN(at)) {
    stderr.write(
      reference === undefined || given !== undefined
        ? `date: invalid date '${given}'\n`
        : `date: ${reference}: ${errorText('ENOENT')}\n`,
    );
    return 1;
  }
  const format = options.words.find((word) => word.startsWith('+'))?.slice(1);
  const iso = options.value('I');
  const usual = iso === undefined ? '%a %b %e %H:%M:%S %Z %Y' : (isoFormats[iso.slice(0, 1)] ?? '%F');
  stdout.write(`${dateText(format ?? (options.has('R') ? '%a, %d %b %Y %H:%M:%S %z' : usual), at, zone)}\n`);
  if (!options.has('s')) return 0;
  stderr.write(`date: can't set date: ${errorText('EPERM')}\n`);
  return 1;
};

const calendar: ShellProgram = (args, { clock, stdout }) => {
  const words = args.filter((arg) => !arg.startsWith('-')).map(Number);
  const now = new Date(clock.now());
  const year = words.at(-1) ?? now.getUTCFullYear();
  const month = words.length > 1 ? (words[0] ?? 1) - 1 : now.getUTCMonth();
  const first = Date.UTC(year, month, 1);
  const title = dateText('%B %Y', first);
  const rows = ['Su Mo Tu We Th Fr Sa'];
  const days = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const cells = [
    ...Array.from({ length: new Date(first).getUTCDay() }, () => '  '),
    ...Array.from({ length: days }, (_, day) => String(day + 1).padStart(2)),
  ];
  for (let at = 0; at < 42; at += 7) rows.push(cells.slice(at, at + 7).join(' '));
  stdout.write(
    `${' '.repeat(Math.floor((20 - title.length) / 2))}${title}\n${rows.map((row) => `${row.padEnd(20)}\n`).join('')}`,
  );
  return 0;
};

export const dateTools: Readonly<Record<string, ShellProgram>> = { date, cal: calendar };
