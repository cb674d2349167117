import { resolvePath } from '../../files/path.ts';
import { defaultPath, lookUp } from '../../processes/execute.ts';
import { type Child, Ended, ExecError, type SpawnOptions } from '../../processes/program.ts';
import { signalName, signalNumber } from '../../processes/signals.ts';
import { dateText } from '../date-text.ts';
import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { accountOf } from './accounts.ts';
import { pause } from './input.ts';
import { parseOptions } from './options.ts';
import { durationMs } from './timing.ts';

/** Starts a program; undefined when it cannot be, which is said. */
export function start(process: ShellProcess, tool: string, options: SpawnOptions): Child | undefined {
  try {
    return process.spawn(options);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const words = { ENOENT: 'No such file or directory', EACCES: 'Permission denied', ENOEXEC: 'Exec format error' }[
      error.reason
    ];
    process.stderr.write(`${tool}: can't execute '${options.args[0]}': ${words}\n`);
    return undefined;
  }
}

/** Becomes another program. */
async function become(process: ShellProcess, tool: string, options: SpawnOptions): Promise<number> {
  try {
    return await process.become(options);
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    const words = { ENOENT: 'No such file or directory', EACCES: 'Permission denied', ENOEXEC: 'Exec format error' }[
      error.reason
    ];
    process.stderr.write(`${tool}: can't execute '${options.args[0]}': ${words}\n`);
    return error.code;
  }
}

const env: ShellProgram = async (args, process) => {
  const environment = new Map(process.environment);
  let at = 0;
  let end = '\n';
  for (; /^-/.test(args[at] ?? ''); at++) {
    const arg = args[at] ?? '';
    if (arg === '-i' || arg === '-') environment.clear();
    else if (arg === '-0') end = '\0';
    else if (arg === '-u') environment.delete(args[++at] ?? '');
    else if (arg.startsWith('-u')) environment.delete(arg.slice(2));
    else if (arg === '--') {
      at++;
      break;
    } else {
      process.stderr.write(`env: invalid option -- '${arg.slice(1, 2)}'\n`);
      return 1;
    }
  }
  for (; /^[^=]+=/.test(args[at] ?? ''); at++) {
    const arg = args[at] ?? '';
    environment.set(arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1));
  }
  const words = args.slice(at);
  if (words.length > 0) return become(process, 'env', { args: words, environment });
  process.stdout.write([...environment].map(([name, value]) => `${name}=${value}${end}`).join(''));
  return 0;
};

const printEnvironment: ShellProgram = (names, { environment, stdout }) => {
  if (names.length === 0) stdout.write([...environment].map(([name, value]) => `${name}=${value}\n`).join(''));
  let code = 0;
  for (const name of names) {
    const value = environment.get(name);
    if (value === undefined) code = 1;
    else stdout.write(`${value}\n`);
  }
  return code;
};

const xargs: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    {
      letters: '0rtpxn:I:i:L:l:P:d:E:s:a:',
      long: { null: '0', 'no-run-if-empty': 'r', 'max-args': 'n', replace: 'I', 'max-procs': 'P', verbose: 't' },
      stopsAtWords: true,
    },
    process,
  );
  if (options === undefined) return 1;
  const command = options.words.length === 0 ? ['echo'] : options.words;
  const place = options.value('I');
  const text = await process.stdin.rest();
  const items =
    place !== undefined || options.has('L')
      ? text
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== '')
      : wordsOf(text, options.has('0') ? '\0' : options.value('d'));
  const most = place !== undefined ? 1 : Number(options.value('n') ?? options.value('L') ?? 5000);
  const together = Math.max(1, Math.min(Number(options.value('P') ?? 1) || 16, 16));
  const runs: string[][] = [];
  for (let at = 0; at < items.length; at += most) {
    const group = items.slice(at, at + most);
    runs.push(
      place === undefined ? [...command, ...group] : command.map((word) => word.replaceAll(place, group[0] ?? '')),
    );
  }
  if (runs.length === 0 && !options.has('r') && place === undefined) runs.push([...command]);
  let code = 0;
  const running = new Set<Promise<void>>();
  for (const words of runs) {
    await pause(process);
    if (options.has('t')) process.stderr.write(`${words.join(' ')}\n`);
    const child = start(
      {
        ...process,
        stderr: {
          ...process.stderr,
          write: () => process.stderr.write(`xargs: ${words[0]}: No such file or directory\n`),
        },
      },
      'xargs',
      { args: words },
    );
    if (child === undefined) return 127;
    const ended = child.exited.then((exit) => {
      running.delete(ended);
      if (exit.code === 255) code = 124;
      else if (exit.signal !== undefined) code = 125;
      else if (exit.code !== 0) code = 123;
    });
    running.add(ended);
    if (running.size >= together) await Promise.race(running);
  }
  await Promise.all(running);
  return code;
};

function wordsOf(text: string, separator: string | undefined): string[] {
  if (separator !== undefined)
    return text.split(separator.replace('\\n', '\n')).filter((word, at, all) => word !== '' || at < all.length - 1);
  return [...text.matchAll(/(?:[^\s"'\\]|\\.|"[^"]*"|'[^']*')+/gs)].map(([word]) =>
    word.replaceAll(
      /\\(.)|"([^"]*)"|'([^']*)'/gs,
      (_, one?: string, two?: string, three?: string) => one ?? two ?? three ?? '',
    ),
  );
}

const timeout: ShellProgram = async (args, process) => {
  const options = parseOptions(
    args,
    { letters: 's:k:', long: { signal: 's', 'kill-after': 'k' }, stopsAtWords: true },
    process,
  );
  if (options === undefined) return 125;
  const [limit = '', ...words] = options.words;
  const ms = durationMs(limit);
  const signal = signalName(options.value('s') ?? 'TERM');
  if (ms === undefined || words.length === 0 || signal === undefined) {
    process.stderr.write(
      words.length === 0
        ? 'BusyBox v1.37.0 multi-call binary.\n\nUsage: timeout [-s SIG] [-k KILL_SECS] SECS PROG ARGS\n'
        : `timeout: invalid number '${limit}'\n`,
    );
    return 1;
  }
  const child = start(process, 'timeout', { args: words });
  if (child === undefined) return 127;
  let isOver = false;
  const send = (name: string): void => {
    try {
      process.kill(child.pid, name);
    } catch {
      // It has ended by itself.
    }
  };
  process.onSignal('TERM', () => send('TERM'));
  const killAfter = durationMs(options.value('k') ?? '');
  const timers = [
    process.clock.after(ms, () => {
      isOver = true;
      send(signal);
    }),
    ...(killAfter === undefined ? [] : [process.clock.after(ms + killAfter, () => send('KILL'))]),
  ];
  const exit = await child.exited;
  for (const timer of timers) timer.cancel();
  if (!isOver || exit.signal === undefined) return exit.code;
  // It ends as what it ran: whoever waits is told of the signal.
  process.onSignal(exit.signal, undefined);
  if (process.pid !== 1) process.kill(process.pid, exit.signal);
  return 128 + signalNumber(exit.signal);
};

const nohup: ShellProgram = (args, process) => {
  process.onSignal('HUP', 'ignore');
  return become(process, 'nohup', { args });
};

/** Words that only change how something runs, which is of no account here. */
const passing =
  (tool: string, valued: string): ShellProgram =>
  (args, process) => {
    const options = parseOptions(args, { letters: valued, stopsAtWords: true }, process);
    if (options === undefined) return 1;
    return options.words.length === 0 ? 0 : become(process, tool, { args: options.words });
  };

const watch: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'n:t', stopsAtWords: true }, process);
  if (options === undefined) return 1;
  const seconds = options.value('n') ?? '2';
  const command = options.words.join(' ');
  while (!process.killed.aborted) {
    process.stdout.write('\u001b[H\u001b[J');
    if (!options.has('t'))
      process.stdout.write(
        `Every ${seconds}s: ${command}${dateText('%F %T', process.clock.now()).padStart(Math.max(1, 80 - 10 - command.length))}\n\n`,
      );
    const child = start(process, 'watch', { args: ['sh', '-c', command] });
    await child?.exited;
    await new Promise<void>((resolve) => void process.clock.after(durationMs(seconds) ?? 2000, resolve));
  }
  return 0;
};

const yes: ShellProgram = async (args, process) => {
  const line = `${args.length === 0 ? 'y' : args.join(' ')}\n`;
  const piece = line.repeat(Math.max(1, Math.floor(1024 / line.length)));
  for (;;) {
    process.stdout.write(piece);
    await pause(process);
    if (process.killed.aborted) throw new Ended('ended');
  }
};

const which: ShellProgram = (names, process) => {
  let code = 0;
  for (const name of names.filter((one) => one !== '-a')) {
    const path = name.includes('/')
      ? process.files.stat(resolvePath(process.cwd, name)) === undefined
        ? undefined
        : name
      : lookUp(name, process.environment.get('PATH') ?? defaultPath, process);
    if (path === undefined) code = 1;
    else process.stdout.write(`${path}\n`);
  }
  return code;
};

const su: ShellProgram = async (args, process) => {
  const { files, stderr, user } = process;
  const options = parseOptions(args, { letters: 'lmpc:s:', stopsAtWords: false }, process);
  if (options === undefined) return 1;
  const [name = 'root', ...words] = options.words.filter((word) => word !== '-');
  const account = accountOf(files, name);
  if (account === undefined) {
    stderr.write(`su: unknown user ${name}\n`);
    return 1;
  }
  if (user.uid !== 0) {
    stderr.write('su: must be suid to work properly\n');
    return 1;
  }
  const environment = new Map([
    ...process.environment,
    ['HOME', account.home],
    ['USER', name],
    ['LOGNAME', name],
    ['SHELL', account.shell],
  ]);
  const command = options.value('c');
  const child = start(process, 'su', {
    args: [options.value('s') ?? account.shell, ...(command === undefined ? words : ['-c', command, ...words])],
    environment,
    user: { uid: account.uid, gid: account.gid, groups: [account.gid] },
  });
  return child === undefined ? 126 : (await child.exited).code;
};

const sudo: ShellProgram = async (args, process) => {
  const options = parseOptions(args, { letters: 'nEHSu:g:', stopsAtWords: true }, process);
  if (options === undefined) return 1;
  if (process.user.uid !== 0) {
    process.stderr.write('sudo: a password is required\n');
    return 1;
  }
  const account = accountOf(process.files, options.value('u') ?? 'root');
  if (account === undefined || options.words.length === 0) {
    process.stderr.write(
      account === undefined ? `sudo: unknown user ${options.value('u')}\n` : 'usage: sudo [-u user] command\n',
    );
    return 1;
  }
  const child = start(process, 'sudo', {
    args: options.words,
    user: { uid: account.uid, gid: account.gid, groups: [account.gid] },
  });
  return child === undefined ? 1 : (await child.exited).code;
};

/** `busybox NAME …`. */
const busybox: ShellProgram = ([name, ...args], process) => {
  if (name === undefined || name === '--help') {
    process.stdout.write('BusyBox v1.37.0 multi-call binary.\n');
    return 0;
  }
  if (name === '--list') {
    process.stdout.write(
      process.files
        .list('/bin')
        .map((one) => `${one}\n`)
        .join(''),
    );
    return 0;
  }
  if (lookUp(name, '/bin', process) === undefined) {
    process.stderr.write(`${name}: applet not found\n`);
    return 127;
  }
  return become(process, 'busybox', { args: [`/bin/${name}`, ...args] });
};

export const runningTools: Readonly<Record<string, ShellProgram>> = {
  env,
  printenv: printEnvironment,
  xargs,
  timeout,
  nohup,
  nice: passing('nice', 'n:'),
  ionice: passing('ionice', 'c:n:p:t'),
  setsid: passing('setsid', 'cwf'),
  stdbuf: passing('stdbuf', 'i:o:e:'),
  watch,
  yes,
  which,
  su,
  sudo,
  busybox,
};
