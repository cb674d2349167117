import type { FileStat } from '../../files/file-tree.ts';
import { resolvePath } from '../../files/path.ts';
import { dateText } from '../date-text.ts';
import { parseMode } from '../file-mode.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { timeZoneOf } from '../time-zone.ts';
import { idByName, namesById } from './accounts.ts';
import { blocksOf, inodeOf, linkCount, typeAndMode } from './listing.ts';
import { parseOptions } from './options.ts';
import { attempt, join, statOf } from './tree-walk.ts';

/** A path with all that is below it, when wanted. */
function* below(process: ShellProcess, path: string, isRecursive: boolean): Generator<string> {
  yield path;
  const full = resolvePath(process.cwd, path);
  if (!isRecursive || statOf(process, full, true)?.type !== 'directory') return;
  for (const name of process.files.list(full)) yield* below(process, join(path, name), true);
}

const changeMode: ShellProgram = (args, process) => {
  // `-x` is a mode, not an option.
  const flags = args.filter((arg) => /^-[Rvcf]+$/.test(arg) || arg === '--recursive');
  const [mode, ...paths] = args.filter((arg) => !flags.includes(arg) && arg !== '--');
  const isRecursive = flags.some((flag) => flag.includes('R') || flag === '--recursive');
  const { files, cwd, stderr } = process;
  if (mode === undefined || paths.length === 0) {
    stderr.write('chmod: missing operand\n');
    return 1;
  }
  let code = 0;
  for (const given of paths) {
    for (const path of below(process, given, isRecursive)) {
      const full = resolvePath(cwd, path);
      const stat = statOf(process, full);
      if (stat === undefined) {
        if (statOf(process, full, true) !== undefined) continue;
        stderr.write(`chmod: ${path}: No such file or directory\n`);
        code = 1;
        continue;
      }
      const wanted = parseMode(mode, stat.mode, stat.type === 'directory');
      if (wanted === undefined) {
        stderr.write(`chmod: invalid mode '${mode}'\n`);
        return 1;
      }
      if (!attempt(process, `chmod: ${path}`, () => files.setMode(full, wanted))) code = 1;
    }
  }
  return code;
};

/** Undefined where a name is not known, which is said. */
function idsOf({ files, stderr }: ShellProcess, tool: string, user: string, group: string) {
  const uid = user === '' ? undefined : idByName(files, '/etc/passwd', user);
  const gid = group === '' ? undefined : idByName(files, '/etc/group', group);
  const isUserBad = user !== '' && uid === undefined;
  const isGroupBad = group !== '' && gid === undefined;
  if (isUserBad || isGroupBad) {
    stderr.write(`${tool}: unknown ${isUserBad ? `user ${user}` : `group ${group}`}\n`);
    return undefined;
  }
  return { uid, gid };
}

const changeOwner =
  (tool: 'chown' | 'chgrp'): ShellProgram =>
  (args, process) => {
    const options = parseOptions(
      args,
      { letters: 'RhvcfLHP', long: { recursive: 'R', 'no-dereference': 'h' } },
      process,
    );
    if (options === undefined) return 1;
    const [owner = '', ...paths] = options.words;
    const { files, cwd, stderr } = process;
    const [userText = '', groupText = ''] = tool === 'chgrp' ? ['', owner] : owner.split(/[:.]/, 2);
    const ids = idsOf(process, tool, userText, groupText);
    if (ids === undefined) return 1;
    const { uid, gid } = ids;
    let code = 0;
    for (const given of paths) {
      for (const path of below(process, given, options.has('R'))) {
        const full = resolvePath(cwd, path);
        const stat = statOf(process, full);
        if (stat === undefined) {
          stderr.write(`${tool}: ${path}: No such file or directory\n`);
          code = 1;
        } else if (!attempt(process, `${tool}: ${path}`, () => files.setOwner(full, uid ?? stat.uid, gid ?? stat.gid)))
          code = 1;
      }
    }
    return code;
  };

const typeNames: Readonly<Record<string, string>> = {
  file: 'regular file',
  directory: 'directory',
  link: 'symbolic link',
  character: 'character special file',
  block: 'block special file',
  fifo: 'fifo',
  socket: 'socket',
};

const typeBits: Readonly<Record<string, number>> = {
  file: 0o100000,
  directory: 0o040000,
  link: 0o120000,
  character: 0o020000,
  block: 0o060000,
  fifo: 0o010000,
  socket: 0o140000,
};

interface Described {
  readonly path: string;
  readonly full: string;
  readonly stat: FileStat;
}

function typeName({ type, size }: FileStat): string {
  return type === 'file' && size === 0 ? 'regular empty file' : (typeNames[type] ?? type);
}

function statField(process: ShellProcess, key: string, { path, full, stat }: Described): string | undefined {
  const seconds = Math.floor(stat.modifiedAt / 1000);
  switch (key) {
    case 'a':
      return stat.mode.toString(8);
    case 'A':
      return typeAndMode(stat);
    case 'b':
      return String(blocksOf(stat));
    case 'B':
      return '512';
    case 'd':
    case 'D':
      return '49';
    case 'f':
      return ((typeBits[stat.type] ?? 0) | stat.mode).toString(16);
    case 'F':
      return typeName(stat);
    case 'g':
      return String(stat.gid);
    case 'G':
      return namesById(process.files, '/etc/group').get(stat.gid) ?? 'UNKNOWN';
    case 'h':
      return String(linkCount(process, full, stat));
    case 'i':
      return String(inodeOf(full));
    case 'n':
      return path;
    case 'N':
      return stat.type === 'link' ? `'${path}' -> '${stat.target}'` : `'${path}'`;
    case 'o':
      return '4096';
    case 's':
      return String(stat.size);
    case 't':
      return Number(stat.device?.split(':')[0] ?? 0).toString(16);
    case 'T':
      return Number(stat.device?.split(':')[1] ?? 0).toString(16);
    case 'u':
      return String(stat.uid);
    case 'U':
      return namesById(process.files, '/etc/passwd').get(stat.uid) ?? 'UNKNOWN';
    case 'x':
    case 'y':
    case 'z':
    case 'w':
      return dateText('%Y-%m-%d %H:%M:%S.%N %z', stat.modifiedAt, timeZoneOf(process.variables.get('TZ')));
    case 'X':
    case 'Y':
    case 'Z':
    case 'W':
      return String(seconds);
    case '%':
      return '%';
    default:
      return undefined;
  }
}

const usualStat = `  File: %N
  Size: %s\t\tBlocks: %b\tIO Block: %o\t%F
Device: 31h/49d\tInode: %i\tLinks: %h
Access: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)
Access: %x
Modify: %y
Change: %z
`;

const statTool: ShellProgram = (args, process) => {
  const options = parseOptions(
    args,
    { letters: 'Lftc:', long: { format: 'c', dereference: 'L', 'file-system': 'f', printf: 'c' } },
    process,
  );
  if (options === undefined) return 1;
  const { cwd, stdout, stderr } = process;
  const given = options.value('c');
  let code = 0;
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const stat = statOf(process, full, !options.has('L') && !path.endsWith('/'));
    if (stat === undefined) {
      stderr.write(`stat: can't stat '${path}': No such file or directory\n`);
      code = 1;
      continue;
    }
    if (options.has('f')) {
      const type = process.files.type;
      stdout.write(
        given === undefined
          ? `  File: "${path}"\n    ID: 0        Namelen: 255     Type: ${type}\n`
          : `${given.replaceAll('%T', type)}\n`,
      );
      continue;
    }
    const described = { path, full, stat };
    const text = (given ?? usualStat).replaceAll(
      /%(0?)(\d*)([a-zA-Z%])/g,
      (whole, zero: string, width: string, key: string) => {
        const field = statField(process, key, described);
        return field === undefined ? whole : field.padStart(Number(width || 0), zero === '0' ? '0' : ' ');
      },
    );
    stdout.write(given === undefined ? text : `${text}\n`);
  }
  return code;
};

const readLink: ShellProgram = (args, process) => {
  const options = parseOptions(args, { letters: 'fnqsvem', long: { canonicalize: 'f' } }, process);
  if (options === undefined) return 1;
  const { cwd, stdout } = process;
  let code = 0;
  for (const path of options.words) {
    const full = resolvePath(cwd, path);
    const isCanonical = ['f', 'e', 'm'].some((letter) => options.has(letter));
    const text = isCanonical ? realPath(process, full, options.has('e')) : statOf(process, full, true)?.target;
    if (text === undefined) code = 1;
    else stdout.write(options.has('n') ? text : `${text}\n`);
  }
  return code;
};

/** Without links; the last part need not be there. Undefined: no such file. */
export function realPath(process: ShellProcess, path: string, mustExist = false, links = 0): string | undefined {
  const parts = path.split('/').filter((part) => part !== '');
  let at = '';
  for (const [index, part] of parts.entries()) {
    const next = `${at}/${part}`;
    const stat = statOf(process, next, true);
    if (stat === undefined && (mustExist || index < parts.length - 1)) return undefined;
    if (stat?.type === 'link') {
      if (links > 40) return undefined;
      const base = resolvePath(at === '' ? '/' : at, stat.target ?? '');
      const rest = parts.slice(index + 1).join('/');
      return realPath(process, rest === '' ? base : join(base, rest), mustExist, links + 1);
    }
    at = next;
  }
  return at === '' ? '/' : at;
}

const realPathTool: ShellProgram = (args, process) => {
  let code = 0;
  for (const path of args.filter((arg) => !arg.startsWith('-'))) {
    const found = realPath(process, resolvePath(process.cwd, path));
    if (found === undefined) {
      process.stderr.write(`realpath: ${path}: No such file or directory\n`);
      code = 1;
    } else process.stdout.write(`${found}\n`);
  }
  return code;
};

const baseNameTool: ShellProgram = (given, { stdout, stderr }) => {
  const isMany = given[0] === '-a' || given[0] === '-s';
  const suffix = given[0] === '-s' ? given[1] : isMany ? undefined : given[1];
  const paths = given[0] === '-s' ? given.slice(2) : isMany ? given.slice(1) : given.slice(0, 1);
  if (paths.length === 0) {
    stderr.write('basename: missing operand\n');
    return 1;
  }
  for (const path of paths) {
    const bare = path.replace(/(?<=.)\/+$/, '');
    const name = bare === '/' ? '/' : bare.slice(bare.lastIndexOf('/') + 1);
    stdout.write(
      `${suffix !== undefined && name !== suffix && name.endsWith(suffix) ? name.slice(0, name.length - suffix.length) : name}\n`,
    );
  }
  return 0;
};

const directoryName: ShellProgram = (paths, { stdout, stderr }) => {
  if (paths.length === 0) {
    stderr.write('dirname: missing operand\n');
    return 1;
  }
  for (const path of paths) {
    const bare = path.replace(/(?<=.)\/+$/, '');
    const slash = bare.lastIndexOf('/');
    stdout.write(`${slash < 0 ? '.' : bare.slice(0, slash).replace(/\/+$/, '') || '/'}\n`);
  }
  return 0;
};

export const attributeTools: Readonly<Record<string, ShellProgram>> = {
  chmod: changeMode,
  chown: changeOwner('chown'),
  chgrp: changeOwner('chgrp'),
  stat: statTool,
  readlink: readLink,
  realpath: realPathTool,
  basename: baseNameTool,
  dirname: directoryName,
  sync: () => 0,
};
