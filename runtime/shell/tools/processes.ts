import { errorText } from '../../files/errors.ts';
import { FileError } from '../../files/file-tree.ts';
import { commandName } from '../../processes/proc-tree.ts';
import type { ProcessInfo } from '../../processes/program.ts';
import { signalName, signalNames, signalNumber } from '../../processes/signals.ts';
import { dateText } from '../date-text.ts';
import { compile } from '../regular-expression.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { namesById } from './accounts.ts';
import { durationMs } from './timing.ts';

function commandLine({ args }: ProcessInfo): string {
  return args.join(' ').replaceAll(/[\n\t]/g, ' ');
}

/** `0:00` of processor time; nobody counts it by process. */
function elapsed({ clock }: ShellProcess, { startedAt }: ProcessInfo): string {
  const seconds = Math.max(0, Math.floor((clock.now() - startedAt) / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours > 0
    ? `${hours}h${String(minutes).padStart(2, '0')}`
    : `${minutes}:${String(seconds % 60).padStart(2, '0')}`;
}

type Column = readonly [title: string, width: number, text: (info: ProcessInfo, process: ShellProcess) => string];

function stateOf(info: ProcessInfo, { pid }: ShellProcess): string {
  const isForeground = info.terminal !== undefined && info.terminal.foreground === info.group;
  return `${info.isStopped === true ? 'T' : info.pid === pid ? 'R' : 'S'}${isForeground ? '+' : ''}`;
}

function userName(info: ProcessInfo, { files }: ShellProcess): string {
  return (namesById(files, '/etc/passwd').get(info.user.uid) ?? String(info.user.uid)).slice(0, 8);
}

const columns: Readonly<Record<string, Column>> = {
  user: ['USER', 8, userName],
  ruser: ['RUSER', 8, userName],
  group: ['GROUP', 8, ({ user }, { files }) => namesById(files, '/etc/group').get(user.gid) ?? String(user.gid)],
  pid: ['PID', 5, ({ pid }) => String(pid)],
  ppid: ['PPID', 5, ({ parent }) => String(parent)],
  pgid: ['PGID', 5, ({ group }) => String(group)],
  sid: ['SID', 5, ({ group }) => String(group)],
  comm: ['COMMAND', 16, commandName],
  args: ['COMMAND', 0, commandLine],
  cmd: ['CMD', 0, commandLine],
  command: ['COMMAND', 0, commandLine],
  stat: ['STAT', 4, stateOf],
  state: ['S', 1, (info, process) => stateOf(info, process).slice(0, 1)],
  tty: ['TT', 6, ({ terminal }) => (terminal === undefined ? '?' : `136,${terminal.number}`)],
  time: ['TIME', 6, () => '0:00'],
  etime: ['ELAPSED', 7, (info, process) => elapsed(process, info)],
  nice: ['NI', 5, () => '0'],
  vsz: ['VSZ', 5, () => '4384'],
  rss: ['RSS', 4, () => '1024'],
  uid: ['UID', 5, ({ user }) => String(user.uid)],
  gid: ['GID', 5, ({ user }) => String(user.gid)],
};

const ps: ShellProgram = (args, process) => {
  const { stdout, stderr } = process;
  const at = args.indexOf('-o');
  const joined = args.find((arg) => /^-o./.test(arg))?.slice(2);
  const wanted = joined ?? (at < 0 ? undefined : args[at + 1]);
  if (wanted === undefined && args.some((arg) => /aux|-ef|-e$|u/.test(arg)) && args.some((arg) => /aux|ef/.test(arg)))
    return fullList(
      args.some((arg) => arg.includes('aux')),
      process,
    );
  const names = (wanted ?? 'pid,user,time,args').split(/[, ]/).map((name) => name.split('=') as [string, string?]);
  const unknown = names.find(([name]) => columns[name] === undefined);
  if (unknown !== undefined) {
    stderr.write(
      `ps: bad -o argument '${unknown[0]}', supported arguments: user,group,comm,args,pid,ppid,pgid,etime,nice,rgroup,ruser,time,tty,vsz,sid,stat,rss\n`,
    );
    return 1;
  }
  const shown = names.map(([name, title]) => [columns[name] as Column, title] as const);
  const row = (cells: readonly string[]): string =>
    `${cells.map((cell, index) => (index === cells.length - 1 ? cell : isRight(names[index]?.[0]) ? cell.padStart(shown[index]?.[0][1] ?? 0) : cell.padEnd(shown[index]?.[0][1] ?? 0))).join(wanted === undefined ? ' ' : ' ')}\n`;
  const isDefault = wanted === undefined;
  if (isDefault) stdout.write('PID   USER     TIME  COMMAND\n');
  else if (!names.every(([, title]) => title === ''))
    stdout.write(row(shown.map(([[title], given]) => given ?? title)));
  for (const info of process.processes()) {
    if (isDefault)
      stdout.write(`${String(info.pid).padStart(5)} ${userName(info, process).padEnd(8)}  0:00 ${commandLine(info)}\n`);
    else stdout.write(row(shown.map(([[, , text]]) => text(info, process))));
  }
  return 0;
};

function isRight(name: string | undefined): boolean {
  return name !== undefined && /^(pid|ppid|pgid|sid|vsz|rss|nice|uid|gid)$/.test(name);
}

/** `ps aux` and `ps -ef`, as images other than busybox show them. */
function fullList(isLong: boolean, process: ShellProcess): number {
  const { stdout } = process;
  stdout.write(
    isLong
      ? 'USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n'
      : 'UID          PID    PPID  C STIME TTY          TIME CMD\n',
  );
  for (const info of process.processes()) {
    const user = userName(info, process).padEnd(8);
    const tty = info.terminal === undefined ? '?' : `pts/${info.terminal.number}`;
    const start = dateText('%H:%M', info.startedAt);
    stdout.write(
      isLong
        ? `${user} ${String(info.pid).padStart(7)}  0.0  0.0   4384  1024 ${tty.padEnd(8)} ${stateOf(info, process).padEnd(4)} ${start}   0:00 ${commandLine(info)}\n`
        : `${user} ${String(info.pid).padStart(7)} ${String(info.parent).padStart(7)}  0 ${start} ${tty.padEnd(8)} 00:00:00 ${commandLine(info)}\n`,
    );
  }
  return 0;
}

const top: ShellProgram = async (args, process) => {
  const { stdout, clock, files, descriptors } = process;
  const value = (letter: string): string | undefined => {
    const at = args.findIndex((arg) => arg.startsWith(`-${letter}`) && !arg.startsWith('-b'));
    return at < 0 ? undefined : args[at]?.slice(2) || args[at + 1];
  };
  const isBatch = args.some((arg) => /^-b/.test(arg));
  const count = Number(value('n') ?? /n(\d+)/.exec(args.join(' '))?.[1] ?? Number.POSITIVE_INFINITY);
  const every = durationMs(value('d') ?? '5') ?? 5000;
  const terminal = descriptors.get(1)?.channel.terminal;
  for (let turn = 0; turn < count; turn++) {
    if (turn > 0) await new Promise<void>((resolve) => void clock.after(every, resolve));
    if (!isBatch && terminal !== undefined) stdout.write('\u001b[H\u001b[J');
    const memory = /MemTotal:\s+(\d+)/.exec(files.read('/proc/meminfo') ?? '')?.[1] ?? '0';
    const running = process.processes();
    stdout.write(
      `Mem: ${Math.floor(Number(memory) / 5)}K used, ${Math.floor((Number(memory) * 4) / 5)}K free, 0K shrd, 0K buff, 0K cached\n`,
    );
    stdout.write('CPU:   0% usr   0% sys   0% nic 100% idle   0% io   0% irq   0% sirq\n');
    stdout.write(`Load average: ${(files.read('/proc/loadavg') ?? '').trim()}\n`);
    stdout.write('  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n');
    for (const info of running)
      stdout.write(
        `${String(info.pid).padStart(5)} ${String(info.parent).padStart(5)} ${userName(info, process).padEnd(8)} ${stateOf(info, process).slice(0, 1).padEnd(4)}  4384   0%   0   0% ${commandLine(info)}\n`,
      );
  }
  return 0;
};

interface Selection {
  readonly pattern: string;
  readonly isFull: boolean;
  readonly isExact: boolean;
  readonly isInverted: boolean;
}

async function select(
  process: ShellProcess,
  { pattern, isFull, isExact, isInverted }: Selection,
): Promise<ProcessInfo[]> {
  const expression = await compile(isExact ? `^(${pattern})$` : pattern, { isExtended: true });
  return process
    .processes()
    .filter(
      (info) =>
        info.pid !== process.pid && expression.test(isFull ? commandLine(info) : commandName(info)) !== isInverted,
    );
}

const grepProcesses: ShellProgram = async (args, process) => {
  const letters = args.filter((arg) => /^-[a-z]+$/.test(arg)).join('');
  const pattern = args.find((arg) => !arg.startsWith('-')) ?? '';
  const found = await select(process, {
    pattern,
    isFull: letters.includes('f'),
    isExact: letters.includes('x'),
    isInverted: letters.includes('v'),
  });
  const shown = letters.includes('o') ? found.slice(0, 1) : letters.includes('n') ? found.slice(-1) : found;
  for (const info of shown)
    process.stdout.write(
      letters.includes('l') || letters.includes('a')
        ? `${info.pid} ${letters.includes('a') ? commandLine(info) : commandName(info)}\n`
        : `${info.pid}\n`,
    );
  return Number(found.length === 0);
};

const killByName: ShellProgram = async (args, process) => {
  const isAll = /killall$/.test(process.args[0] ?? '');
  const signals = args.filter((arg) => /^-([A-Z]|\d)/.test(arg));
  const name = signalName(signals[0]?.slice(1) ?? 'TERM') ?? 'TERM';
  const letters = args.filter((arg) => /^-[a-z]+$/.test(arg)).join('');
  const words = args.filter((arg) => !arg.startsWith('-'));
  let code = 1;
  for (const word of words) {
    const found = isAll
      ? process.processes().filter((info) => commandName(info) === word && info.pid !== process.pid)
      : await select(process, {
          pattern: word,
          isFull: letters.includes('f'),
          isExact: letters.includes('x'),
          isInverted: false,
        });
    if (found.length === 0 && isAll && !letters.includes('q'))
      process.stderr.write(`killall: ${word}: no process killed\n`);
    for (const { pid } of found) {
      code = 0;
      try {
        process.kill(pid, name);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        process.stderr.write(`pkill: can't kill pid ${pid}: ${errorText(error.code)}\n`);
        code = 1;
      }
    }
  }
  return code;
};

function signalList(wanted: string | undefined): string {
  if (wanted === undefined) return signalNames.map((name, at) => `${String(at + 1).padStart(2)}) ${name}\n`).join('');
  return `${/^\d+$/.test(wanted) ? signalName(wanted) : signalNumber(signalName(wanted) ?? '')}\n`;
}

/** Undefined: it was sent. */
function sendTo({ kill: send }: Pick<ShellProcess, 'kill'>, target: string, name: string): string | undefined {
  if (!/^-?\d+$/.test(target)) return `invalid number '${target}'`;
  try {
    send(Number(target), name);
    return undefined;
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return `can't kill pid ${target}: ${errorText(error.code)}`;
  }
}

const kill: ShellProgram = (args, process) => {
  const { stderr, stdout } = process;
  const [first = ''] = args;
  if (first === '-l') {
    stdout.write(signalList(args[1]));
    return 0;
  }
  const isNamed = first === '-s';
  const text = isNamed ? (args[1] ?? '') : /^-./.test(first) && first !== '--' ? first.slice(1) : undefined;
  const name = signalName(text ?? 'TERM');
  if (name === undefined) {
    stderr.write(`kill: bad signal name '${text}'\n`);
    return 1;
  }
  const targets = args.slice(isNamed ? 2 : text === undefined && first !== '--' ? 0 : 1);
  let code = 0;
  if (targets.length === 0) stderr.write('kill: you need to specify whom to kill\n');
  for (const target of targets) {
    const problem = sendTo(process, target, name);
    if (problem === undefined) continue;
    stderr.write(`kill: ${problem}\n`);
    code = 1;
  }
  return targets.length === 0 ? 1 : code;
};

const pidof: ShellProgram = (args, process) => {
  const names = args.filter((arg) => !arg.startsWith('-'));
  const found = process
    .processes()
    .filter((info) => names.includes(commandName(info)) && info.pid !== process.pid)
    .map(({ pid }) => pid)
    .toReversed();
  const shown = args.includes('-s') ? found.slice(0, 1) : found;
  process.stdout.write(shown.length === 0 ? '' : `${shown.join(' ')}\n`);
  return Number(shown.length === 0);
};

const uptime: ShellProgram = ([option], { files, clock, stdout }) => {
  const seconds = Number((files.read('/proc/uptime') ?? '0').split(' ')[0]);
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60,
  ];
  if (option === '-s') {
    stdout.write(`${dateText('%F %T', clock.now() - seconds * 1000)}\n`);
    return 0;
  }
  const day = days === 0 ? '' : `${days} day${days === 1 ? '' : 's'}, `;
  const time = hours === 0 ? `${minutes} min` : `${String(hours).padStart(2)}:${String(minutes).padStart(2, '0')}`;
  stdout.write(` ${dateText('%H:%M:%S', clock.now())} up ${day}${time},  0 users,  load average: 0.00, 0.00, 0.00\n`);
  return 0;
};

export const processTools: Readonly<Record<string, ShellProgram>> = {
  ps,
  top,
  pgrep: grepProcesses,
  pkill: killByName,
  killall: killByName,
  kill,
  pidof,
  uptime,
};
