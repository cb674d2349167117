import { createHash } from 'node:crypto';
import { bytesOf, fromBytes } from '../../files/byte-text.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { linesOf, openInput, pause } from './input.ts';
import { parseOptions } from './options.ts';

async function digestOf(
  process: ShellProcess,
  tool: string,
  algorithm: string,
  path: string,
): Promise<string | undefined> {
  const hash = createHash(algorithm);
  const opened = openDigested(process, tool, path);
  if (opened === undefined) return undefined;
  for (let piece = await opened.reader.chunk(); piece !== undefined; piece = await opened.reader.chunk()) {
    hash.update(bytesOf(piece));
    await pause(process);
  }
  opened.file?.release();
  return hash.digest('hex');
}

function openDigested(process: ShellProcess, tool: string, path: string) {
  const { stderr } = process;
  const write = (text: string): void =>
    stderr.write(text.replace(/^(\w+): (?!read error)(.*): ([^:]*)\n$/s, "$1: can't open '$2': $3\n"));
  return openInput({ ...process, stderr: { ...stderr, write } }, tool, path);
}

interface Verification {
  readonly tool: string;
  readonly algorithm: string;
  /** A list of digests and files. */
  readonly path: string;
  readonly isQuiet: boolean;
}

async function verify(process: ShellProcess, { tool, algorithm, path, isQuiet }: Verification): Promise<boolean> {
  const input = openInput(process, tool, path);
  const lines = input === undefined ? [] : linesOf(await input.reader.rest());
  input?.file?.release();
  let failed = 0;
  for (const line of lines) {
    const [, wanted = '', name = ''] = /^([\da-f]+) [ *](.*)$/i.exec(line) ?? [];
    const isFine = (await digestOf(process, tool, algorithm, name)) === wanted.toLowerCase();
    if (!isFine) failed++;
    if (!isFine || !isQuiet) process.stdout.write(`${name}: ${isFine ? 'OK' : 'FAILED'}\n`);
  }
  if (failed === 0) return input !== undefined;
  process.stderr.write(`${tool}: WARNING: ${failed} of ${lines.length} computed checksums did NOT match\n`);
  return false;
}

const sum =
  (tool: string, algorithm: string): ShellProgram =>
  async (args, process) => {
    const options = parseOptions(
      args,
      { letters: 'csbtw', long: { check: 'c', status: 's', binary: 'b', text: 't', warn: 'w', quiet: 's' } },
      process,
    );
    if (options === undefined) return 1;
    const { stdout } = process;
    let code = 0;
    for (const path of options.words.length === 0 ? ['-'] : options.words) {
      if (options.has('c')) {
        if (!(await verify(process, { tool, algorithm, path, isQuiet: options.has('s') }))) code = 1;
        continue;
      }
      const digest = await digestOf(process, tool, algorithm, path);
      if (digest === undefined) code = 1;
      else stdout.write(`${digest}  ${path}\n`);
    }
    return code;
  };

const base64: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'diw:', long: { decode: 'd', wrap: 'w', 'ignore-garbage': 'i' } },
    process,
  );
  if (options === undefined) return 1;
  const input = openInput(process, 'base64', options.words[0] ?? '-');
  if (input === undefined) return 1;
  const text = await input.reader.rest();
  input.file?.release();
  if (options.has('d')) {
    const bare = text.replaceAll(/\s/g, '');
    process.stdout.write(fromBytes(Buffer.from(bare.replaceAll(/[^A-Za-z0-9+/=]/g, ''), 'base64')));
    return 0;
  }
  const encoded = Buffer.from(bytesOf(text)).toString('base64');
  const width = Number(options.value('w') ?? 76);
  if (width <= 0) process.stdout.write(encoded);
  else
    process.stdout.write((encoded.match(new RegExp(`.{1,${width}}`, 'g')) ?? []).map((line) => `${line}\n`).join(''));
  return 0;
};

const checksum: ShellProgram = async (args, process) => {
  let code = 0;
  for (const path of args.length === 0 ? ['-'] : args) {
    const input = openInput(process, 'cksum', path);
    if (input === undefined) {
      code = 1;
      continue;
    }
    const text = await input.reader.rest();
    input.file?.release();
    process.stdout.write(`${crc(text)} ${text.length}${path === '-' ? '' : ` ${path}`}\n`);
  }
  return code;
};

/** POSIX's own: the length goes in, too. */
function crc(text: string): number {
  let sum = 0;
  const add = (byte: number): void => {
    sum ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) sum = sum < 0 ? (sum << 1) ^ 0x04c11db7 : sum << 1;
  };
  for (let at = 0; at < text.length; at++) add(text.charCodeAt(at));
  for (let length = text.length; length > 0; length = Math.floor(length / 256)) add(length & 0xff);
  return ~sum >>> 0;
}

export const digestTools: Readonly<Record<string, ShellProgram>> = {
  md5sum: sum('md5sum', 'md5'),
  sha1sum: sum('sha1sum', 'sha1'),
  sha256sum: sum('sha256sum', 'sha256'),
  sha384sum: sum('sha384sum', 'sha384'),
  sha512sum: sum('sha512sum', 'sha512'),
  base64,
  cksum: checksum,
};
