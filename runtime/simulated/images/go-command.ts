import type { Clock } from '../../../api/clock.ts';
import { textOf } from '../../files/byte-text.ts';
import type { ProgramContext } from '../process.ts';

type FlagKind = 'string' | 'bool' | 'int' | 'duration';

/** A flag's default says of which kind it is; durations are in milliseconds. */
export interface Flag {
  readonly kind: FlagKind;
  readonly value: string | number | boolean;
  readonly usage: string;
  readonly short?: string;
}

export type Flags = Readonly<Record<string, Flag>>;

export interface ParsedFlags {
  text(name: string): string;
  number(name: string): number;
  isSet(name: string): boolean;
  /** Whether it was on the command line. */
  has(name: string): boolean;
  readonly rest: readonly string[];
}

/** With the words that a Go program says. */
export class FlagError extends Error {}

export const stringFlag = (value: string, usage = ''): Flag => ({ kind: 'string', value, usage });
export const intFlag = (value: number, usage = ''): Flag => ({ kind: 'int', value, usage });
export const boolFlag = (value: boolean, usage = ''): Flag => ({ kind: 'bool', value, usage });
export const durationFlag = (value: number, usage = ''): Flag => ({ kind: 'duration', value, usage });

/** Logging flags that every command takes. */
const logging = new Set(['v', 'vmodule', 'log-flush-frequency', 'logtostderr', 'alsologtostderr', 'stderrthreshold']);

/** Reads flags as Go's pflag does: `--name=value`, `--name value`, `-s value`, `--bool`. */
export function parseFlags(flags: Flags, words: readonly string[]): ParsedFlags {
  const given = new Map<string, string | number | boolean>();
  const rest: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      rest.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      rest.push(word);
      continue;
    }
    const { name, inline } = partsOf(flags, word);
    const flag = flags[name];
    if (flag === undefined && logging.has(name)) {
      if (inline === undefined && name !== 'logtostderr' && name !== 'alsologtostderr') at++;
      continue;
    }
    if (flag === undefined)
      throw new FlagError(
        word.startsWith('--') ? `unknown flag: --${name}` : `unknown shorthand flag: '${name}' in ${word}`,
      );
    if (flag.kind === 'bool' && inline === undefined) {
      given.set(name, true);
      continue;
    }
    const text = inline ?? words[++at];
    if (text === undefined) throw new FlagError(`flag needs an argument: --${name}`);
    given.set(name, flagValue(name, flag.kind, text));
  }
  const value = (name: string): string | number | boolean => given.get(name) ?? flags[name]?.value ?? '';
  return {
    text: (name) => String(value(name)),
    number: (name) => Number(value(name)),
    isSet: (name) => value(name) === true,
    has: (name) => given.has(name),
    rest,
  };
}

function partsOf(flags: Flags, word: string): { readonly name: string; readonly inline: string | undefined } {
  if (word.startsWith('--')) {
    const [name = '', ...value] = word.slice(2).split('=');
    return { name, inline: word.includes('=') ? value.join('=') : undefined };
  }
  const short = word.charAt(1);
  const name = Object.keys(flags).find((one) => flags[one]?.short === short) ?? short;
  const inline = word.slice(2).replace(/^=/, '');
  return { name, inline: inline === '' ? undefined : inline };
}

function flagValue(name: string, kind: FlagKind, text: string): string | number | boolean {
  const bad = (why: string): FlagError =>
    new FlagError(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: ${why}`);
  if (kind === 'string') return text;
  if (kind === 'bool') {
    if (/^(1|t|T|true|TRUE|True)$/.test(text)) return true;
    if (/^(0|f|F|false|FALSE|False)$/.test(text)) return false;
    throw bad(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (kind === 'int') {
    if (/^[-+]?\d+$/.test(text)) return Number(text);
    throw bad(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const ms = parseDuration(text);
  if (ms === undefined) throw bad(`time: invalid duration ${JSON.stringify(text)}`);
  return ms;
}

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** A Go duration such as `1m30s` in milliseconds; undefined: none. */
export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0;
  if (!/^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let ms = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d*)?)(ns|us|µs|ms|s|m|h)/g))
    ms += Number(amount) * (unitsMs[unit] ?? 0);
  return text.startsWith('-') ? -ms : ms;
}

/** As Go prints a duration: `1.5s`, `1m0s`, `250ms`. */
export function durationText(ms: number): string {
  if (ms === 0) return '0s';
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${ms}ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds}s`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = `${minutes}m${Number((seconds % 60).toFixed(9))}s`;
  return hours > 0 ? `${hours}h${rest}` : rest;
}

/** What a Go program writes with its package log, when klog takes it. */
export function goLog(context: Pick<ProgramContext, 'clock' | 'stderr'>): (message: string) => void {
  return klog(context, 'log.go:244');
}

/** As klog writes: severity, month and day, time, thread, place, message, on stderr. */
export function klog(
  { clock, stderr }: Pick<ProgramContext, 'clock' | 'stderr'>,
  place: string,
): (message: string, severity?: 'I' | 'W' | 'E' | 'F') => void {
  return (message, severity = 'I') =>
    stderr.write(textOf(`${severity}${klogTime(clock)}       1 ${place}] ${message}\n`));
}

function klogTime(clock: Clock): string {
  const text = new Date(clock.now()).toISOString();
  return `${text.slice(5, 7)}${text.slice(8, 10)} ${text.slice(11, 23)}000`;
}

/** As Go prints an address. */
export function hostPort({ ip, port }: { readonly ip: string; readonly port: number }): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}
