/** An entry of an archive. */
export interface TarEntry {
  readonly name: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly modifiedAt: number;
  /** As tar has it: 0 file, 1 hard link, 2 link, 3 character, 4 block, 5 directory, 6 fifo. */
  readonly type: string;
  readonly target: string;
  readonly user: string;
  readonly group: string;
  readonly text: string;
}

const blockSize = 512;
const nameLength = 100;

function octal(value: number, length: number): string {
  return `${Math.max(0, Math.floor(value))
    .toString(8)
    .padStart(length - 1, '0')
    .slice(-(length - 1))}\0`;
}

function field(text: string, length: number): string {
  return text.slice(0, length).padEnd(length, '\0');
}

function padded(text: string): string {
  return text.padEnd(Math.ceil(text.length / blockSize) * blockSize, '\0');
}

function header(entry: TarEntry, name: string, target: string): string {
  const { mode, uid, gid, modifiedAt, type, user, group, text } = entry;
  const front =
    field(name, nameLength) +
    octal(mode, 8) +
    octal(uid, 8) +
    octal(gid, 8) +
    octal(text.length, 12) +
    octal(modifiedAt / 1000, 12);
  const back = `${type}${field(target, nameLength)}ustar  \0${field(user, 32)}${field(group, 32)}`;
  const sum = [...`${front}        ${back}`].reduce((total, char) => total + char.charCodeAt(0), 0);
  return padded(`${front}${octal(sum, 7)} ${back}`);
}

/** What GNU tar writes for an entry; long names in entries of their own. */
export function encodeEntry(entry: TarEntry): string {
  const long = (type: string, text: string): string => {
    if (text.length <= nameLength) return '';
    const note: TarEntry = {
      ...entry,
      type,
      target: '',
      text: `${text}\0`,
      mode: 0o644,
      uid: 0,
      gid: 0,
      modifiedAt: 0,
      user: 'root',
      group: 'root',
    };
    return header(note, '././@LongLink', '') + padded(note.text);
  };
  return long('K', entry.target) + long('L', entry.name) + header(entry, entry.name, entry.target) + padded(entry.text);
}

/** The two empty blocks at the end, in a record of twenty. */
export function encodeEnd(length: number): string {
  const record = blockSize * 20;
  return '\0'.repeat(record * Math.ceil((length + blockSize * 2) / record) - length);
}

export class TarError extends Error {}

function text(block: string, from: number, length: number): string {
  return block.slice(from, from + length).replace(/\0.*$/s, '');
}

function number(block: string, from: number, length: number): number {
  // Big numbers are in base 256, as GNU tar marks them.
  if (block.charCodeAt(from) >= 128) {
    let value = block.charCodeAt(from) & 0x7f;
    for (let at = from + 1; at < from + length; at++) value = value * 256 + block.charCodeAt(at);
    return value;
  }
  return Number.parseInt(text(block, from, length).trim() || '0', 8) || 0;
}

/** Takes exactly so many bytes, or fewer at the end. */
export type Take = (length: number) => Promise<string>;

/** The next entry; undefined at the end. Throws TarError. */
export async function decodeEntry(take: Take): Promise<TarEntry | undefined> {
  let [longName, longTarget, extended] = ['', '', new Map<string, string>()];
  for (;;) {
    const block = await take(blockSize);
    if (block === '' || /^\0*$/.test(block)) return undefined;
    if (block.length < blockSize) throw new TarError('short read');
    check(block);
    const size = Number(extended.get('size') ?? number(block, 124, 12));
    const type = block[156] === '\0' ? '0' : (block[156] ?? '0');
    const hasBody = !/[1-6]/.test(type);
    const body = hasBody ? (await take(Math.ceil(size / blockSize) * blockSize)).slice(0, size) : '';
    if (hasBody && body.length < size) throw new TarError('short read');
    switch (type) {
      case 'L':
        longName = body.replace(/\0.*$/s, '');
        continue;
      case 'K':
        longTarget = body.replace(/\0.*$/s, '');
        continue;
      case 'x':
        extended = records(body);
        continue;
      case 'g':
        continue;
    }
    return {
      name: extended.get('path') ?? (longName || nameIn(block)),
      mode: number(block, 100, 8) & 0o7777,
      uid: number(block, 108, 8),
      gid: number(block, 116, 8),
      modifiedAt: (Number(extended.get('mtime')) || number(block, 136, 12)) * 1000,
      type,
      target: extended.get('linkpath') ?? (longTarget || text(block, 157, nameLength)),
      user: text(block, 265, 32),
      group: text(block, 297, 32),
      text: body,
    };
  }
}

/** Throws TarError where the sum of the bytes is wrong. */
function check(block: string): void {
  const sum = [...block].reduce((total, char, at) => total + (at >= 148 && at < 156 ? 32 : char.charCodeAt(0)), 0);
  if (sum !== number(block, 148, 8)) throw new TarError('invalid tar magic');
}

function nameIn(block: string): string {
  const prefix = block.slice(257, 263) === 'ustar\0' ? text(block, 345, 155) : '';
  const plain = text(block, 0, nameLength);
  return prefix === '' ? plain : `${prefix}/${plain}`;
}

/** `length key=value\n`, as POSIX has them. */
function records(body: string): Map<string, string> {
  const found = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const [, digits] = /^(\d+) /.exec(body.slice(at, at + 20)) ?? [];
    if (digits === undefined) break;
    const record = body.slice(at + digits.length + 1, at + Number(digits) - 1);
    found.set(record.slice(0, record.indexOf('=')), record.slice(record.indexOf('=') + 1));
    at += Number(digits);
  }
  return found;
}
