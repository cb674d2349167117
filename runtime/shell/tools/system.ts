import type { FileTree } from '../../files/file-tree.ts';
import { echoed } from '../builtins/output.ts';
import { formatted } from '../format.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { TestError, testArguments } from '../test-command.ts';
import { accountOf, namesById } from './accounts.ts';

const identity: ShellProgram = (args, process) => {
  const { files, user, stdout, stderr } = process;
  const letters = args
    .filter((arg) => arg.startsWith('-'))
    .join('')
    .replaceAll('-', '');
  const [name] = args.filter((arg) => !arg.startsWith('-'));
  const account = name === undefined ? undefined : accountOf(files, name);
  if (name !== undefined && account === undefined) {
    stderr.write(`id: unknown user ${name}\n`);
    return 1;
  }
  const [uid, gid] = account === undefined ? [user.uid, user.gid] : [account.uid, account.gid];
  const listed = account === undefined ? user.groups : [account.gid];
  const groups = [gid, ...listed.filter((id) => id !== gid)];
  const users = namesById(files, '/etc/passwd');
  const groupNames = namesById(files, '/etc/group');
  const named = (id: number, names: ReadonlyMap<number, string>): string =>
    names.has(id) ? `${id}(${names.get(id)})` : String(id);
  const isNamed = letters.includes('n');
  if (letters.includes('u')) stdout.write(`${isNamed ? (users.get(uid) ?? uid) : uid}\n`);
  else if (letters.includes('g')) stdout.write(`${isNamed ? (groupNames.get(gid) ?? gid) : gid}\n`);
  else if (letters.includes('G'))
    stdout.write(`${groups.map((id) => (isNamed ? (groupNames.get(id) ?? id) : id)).join(' ')}\n`);
  else
    stdout.write(
      `uid=${named(uid, users)} gid=${named(gid, groupNames)} groups=${groups.map((id) => named(id, groupNames)).join(',')}\n`,
    );
  return 0;
};

const whoAmI: ShellProgram = (_args, { files, user, stdout, stderr }) => {
  const name = namesById(files, '/etc/passwd').get(user.uid);
  if (name === undefined) {
    stderr.write(`whoami: unknown uid ${user.uid}\n`);
    return 1;
  }
  stdout.write(`${name}\n`);
  return 0;
};

const systemName: ShellProgram = (args, { hostname, stdout, stderr }) => {
  const parts: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', hostname],
    ['r', '6.1.0-simulated'],
    ['v', '#1 SMP'],
    ['m', 'x86_64'],
    ['p', 'unknown'],
    ['i', 'unknown'],
    ['o', 'GNU/Linux'],
  ];
  const letters = args.map((arg) => arg.replace(/^--?/, '')).join('');
  const bad = [...letters].find((letter) => letter !== 'a' && !parts.some(([name]) => name === letter));
  if (bad !== undefined) {
    stderr.write(`uname: invalid option -- '${bad}'\n`);
    return 1;
  }
  const shown = parts.filter(([letter, text]) =>
    letters.includes('a') ? text !== 'unknown' : letters === '' ? letter === 's' : letters.includes(letter),
  );
  stdout.write(`${shown.map(([, text]) => text).join(' ')}\n`);
  return 0;
};

const free: ShellProgram = (args, { files, stdout }) => {
  const total = Number(/MemTotal:\s+(\d+)/.exec(files.read('/proc/meminfo') ?? '')?.[1] ?? 0);
  const unit = args.includes('-m') ? 1024 : args.includes('-g') ? 1024 * 1024 : args.includes('-b') ? 1 / 1024 : 1;
  const cell = (kB: number): string => String(Math.floor(kB / unit)).padStart(12);
  const used = total / 5;
  stdout.write('              total        used        free      shared  buff/cache   available\n');
  stdout.write(`Mem:   ${cell(total)}${cell(used)}${cell(total - used)}${cell(0)}${cell(0)}${cell(total - used)}\n`);
  stdout.write(`Swap:  ${cell(0)}${cell(0)}${cell(0)}\n`);
  return 0;
};

const processors: ShellProgram = (_args, { files, stdout }) => {
  stdout.write(`${(files.read('/proc/cpuinfo') ?? '').match(/^processor/gm)?.length ?? 1}\n`);
  return 0;
};

/** The names of all settings, with dots. */
function settingsUnder(files: FileTree, folder: string): string[] {
  return files
    .list(folder)
    .toSorted()
    .flatMap((entry) => {
      const path = `${folder}/${entry}`;
      if (files.isDirectory(path)) return settingsUnder(files, path);
      return [path.slice('/proc/sys/'.length).replaceAll('/', '.')];
    });
}

const kernelSettings: ShellProgram = (args, { files, stdout, stderr }) => {
  const isBare = args.includes('-n') || args.includes('-b');
  const all = args.includes('-a') ? settingsUnder(files, '/proc/sys') : args.filter((arg) => !arg.startsWith('-'));
  let code = 0;
  for (const word of all) {
    const [given = '', value] = word.split('=');
    const name = /^[^.]*\//.test(given) ? given.replaceAll('/', '.') : given;
    const path = `/proc/sys/${name.replaceAll('.', '/')}`;
    const text = files.read(path);
    if (text === undefined) {
      stderr.write(`sysctl: error: '${name}' is an unknown key\n`);
      code = 1;
    } else if (value !== undefined) {
      stderr.write(`sysctl: error setting key '${name}': Read-only file system\n`);
      code = 1;
    } else stdout.write(isBare ? text : `${name} = ${text}`);
  }
  return code;
};

const configuration: Readonly<Record<string, string>> = {
  PAGESIZE: '4096',
  PAGE_SIZE: '4096',
  CLK_TCK: '100',
  ARG_MAX: '2097152',
  NAME_MAX: '255',
  PATH_MAX: '4096',
  LONG_BIT: '64',
  _NPROCESSORS_ONLN: '2',
  _NPROCESSORS_CONF: '2',
  OPEN_MAX: '1048576',
};

const getConfiguration: ShellProgram = ([name = ''], { stdout, stderr }) => {
  const value = configuration[name];
  if (value === undefined) {
    stderr.write(`getconf: ${name}: unknown variable\n`);
    return 1;
  }
  stdout.write(`${value}\n`);
  return 0;
};

const setTerminal: ShellProgram = (args, { descriptors, stdout, stderr }) => {
  const terminal = descriptors.get(0)?.channel.terminal;
  if (terminal === undefined) {
    stderr.write('stty: standard input: Not a tty\n');
    return 1;
  }
  if (args.length === 0 || args[0] === '-a')
    stdout.write(`speed 38400 baud; rows ${terminal.height}; columns ${terminal.width};\n`);
  for (let at = 0; at < args.length; at++) {
    const word = args[at] ?? '';
    const isOff = word.startsWith('-');
    switch (word.replace(/^-/, '')) {
      case 'size':
        stdout.write(`${terminal.height} ${terminal.width}\n`);
        break;
      case 'echo':
        terminal.modes = { ...terminal.modes, echo: !isOff };
        break;
      case 'icanon':
      case 'cooked':
        terminal.modes = { ...terminal.modes, canonical: !isOff };
        break;
      case 'isig':
        terminal.modes = { ...terminal.modes, signals: !isOff };
        break;
      case 'raw':
        terminal.modes = {
          ...terminal.modes,
          canonical: isOff,
          signals: isOff,
          returnsAreLines: isOff,
          linesReturn: isOff,
        };
        break;
      case 'sane':
        terminal.reset();
        break;
      case 'rows':
        terminal.resize(terminal.width, Number(args[++at] ?? terminal.height));
        break;
      case 'cols':
      case 'columns':
        terminal.resize(Number(args[++at] ?? terminal.width), terminal.height);
        break;
    }
  }
  return 0;
};

const terminalName: ShellProgram = (args, { descriptors, stdout }) => {
  const terminal = descriptors.get(0)?.channel.terminal;
  if (!args.includes('-s')) stdout.write(`${terminal?.name ?? 'not a tty'}\n`);
  return Number(terminal === undefined);
};

const terminalCapability: ShellProgram = ([name = ''], { terminal, stdout }) => {
  const texts: Readonly<Record<string, string>> = {
    cols: `${terminal?.width ?? 80}\n`,
    lines: `${terminal?.height ?? 24}\n`,
    clear: '\u001b[H\u001b[J',
    bold: '\u001b[1m',
    sgr0: '\u001b[m',
    colors: '8\n',
    reset: '\u001bc',
  };
  stdout.write(texts[name] ?? '');
  return Number(texts[name] === undefined);
};

const editor: ShellProgram = (_args, process) => {
  const name = process.args[0] ?? 'vi';
  process.stderr.write(`${name.slice(name.lastIndexOf('/') + 1)}: not in this simulated container; there is vi\n`);
  return 1;
};

const echo: ShellProgram = (args, { stdout }) => {
  stdout.write(echoed(args));
  return 0;
};

const printf: ShellProgram = ([format, ...args], { clock, stdout, stderr }) => {
  if (format === undefined) {
    stderr.write('BusyBox v1.37.0 multi-call binary.\n\nUsage: printf FORMAT [ARG]...\n');
    return 1;
  }
  const { text, errors } = formatted(format, args, clock.now());
  stdout.write(text);
  for (const error of errors) stderr.write(`printf: ${error}\n`);
  return Number(errors.length > 0);
};

const test: ShellProgram = (args, process) => {
  const isBracket = /\[$/.test(process.args[0] ?? '');
  if (isBracket && args.at(-1) !== ']') {
    process.stderr.write('[: missing ]\n');
    return 2;
  }
  try {
    return Number(!testArguments(isBracket ? args.slice(0, -1) : args, process));
  } catch (error) {
    if (!(error instanceof TestError)) throw error;
    process.stderr.write(`${isBracket ? '[' : 'test'}: ${error.message}\n`);
    return 2;
  }
};

const printDirectory: ShellProgram = (_args, { cwd, stdout }) => {
  stdout.write(`${cwd}\n`);
  return 0;
};

const write =
  (text: string): ShellProgram =>
  (_args, { stdout }) => {
    stdout.write(text);
    return 0;
  };

function refusal(text: string): ShellProgram {
  return (_args, process: ShellProcess) => {
    const name = process.args[0] ?? '';
    process.stderr.write(`${name.slice(name.lastIndexOf('/') + 1)}: ${text}\n`);
    return 1;
  };
}

export const systemTools: Readonly<Record<string, ShellProgram>> = {
  id: identity,
  whoami: whoAmI,
  groups: (_args, { files, user, stdout }) => {
    const names = namesById(files, '/etc/group');
    stdout.write(`${[...new Set([user.gid, ...user.groups])].map((id) => names.get(id) ?? String(id)).join(' ')}\n`);
    return 0;
  },
  logname: whoAmI,
  uname: systemName,
  arch: write('x86_64\n'),
  free,
  nproc: processors,
  sysctl: kernelSettings,
  getconf: getConfiguration,
  stty: setTerminal,
  tty: terminalName,
  tput: terminalCapability,
  clear: write('\u001b[H\u001b[J'),
  reset: write('\u001bc\u001b(B\u001b[0m\u001b[J\u001b[?25h'),
  nano: editor,
  ed: editor,
  echo,
  printf,
  test,
  '[': test,
  pwd: printDirectory,
  true: () => 0,
  false: () => 1,
  dmesg: refusal('klogctl: Operation not permitted'),
  reboot: refusal('Operation not permitted'),
  poweroff: refusal('Operation not permitted'),
  halt: refusal('Operation not permitted'),
};
