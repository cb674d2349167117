import type { ShellProcess, ShellProgram } from '../shell-process.ts';
import { eachInput, linesOf, pause } from './input.ts';
import { Keys } from './vi/keys.ts';

/** Without a terminal it is `cat`; with one it waits for keys after each screen. */
const pager: ShellProgram = async (args, process) => {
  const name = (process.args[0] ?? 'more').replace(/^.*\//, '');
  const paths = args.filter((arg) => !/^[-+]./.test(arg));
  const terminal = process.descriptors.get(1)?.channel.terminal;
  let text = '';
  const code = await eachInput(process, name, paths, async ({ reader }) => {
    for (let piece = await reader.chunk(); piece !== undefined; piece = await reader.chunk()) {
      if (terminal === undefined) process.stdout.write(piece);
      else text += piece;
      await pause(process);
    }
  });
  if (terminal === undefined || code !== 0) return code;
  await show(name, linesOf(text), process);
  return 0;
};

/** Keys come from the terminal, even when the text comes from stdin. */
async function show(name: string, lines: readonly string[], process: ShellProcess): Promise<void> {
  const keyboard = process.open('/dev/tty', { read: true });
  const { terminal } = keyboard.channel;
  const height = Math.max(2, terminal?.height ?? 24) - 1;
  const isLess = name === 'less';
  if (terminal === undefined || (lines.length <= height && !isLess)) {
    process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    keyboard.release();
    return;
  }
  const { modes } = terminal;
  terminal.modes = { ...modes, canonical: false, echo: false, signals: true };
  process.onSignal('INT', isLess ? 'ignore' : undefined);
  const keys = new Keys({ stdin: keyboard.reader, clock: process.clock });
  try {
    await (isLess ? browse(lines, height, keys, process) : leaf(lines, height, keys, process));
  } finally {
    terminal.modes = modes;
    keyboard.release();
  }
}

/** `more`: forward only. */
async function leaf(lines: readonly string[], height: number, keys: Keys, { stdout }: ShellProcess): Promise<void> {
  let at = 0;
  let by = height;
  while (at < lines.length) {
    stdout.write(
      lines
        .slice(at, at + by)
        .map((line) => `${line}\n`)
        .join(''),
    );
    at += by;
    if (at >= lines.length) return;
    stdout.write(`--More-- (${Math.floor((at * 100) / lines.length)}% of ${lines.length} lines)`);
    const key = await keys.next();
    stdout.write('\r\u001b[K');
    if (key === undefined || key === 'q' || key === 'Q') return;
    by = key === '\r' || key === '\n' ? 1 : height;
  }
}

/** `less`: there and back, until `q`. */
async function browse(lines: readonly string[], height: number, keys: Keys, process: ShellProcess): Promise<void> {
  const { stdout } = process;
  const last = Math.max(0, lines.length - height);
  let top = 0;
  let found = '';
  let note = '';
  const find = (from: number, by: number): void => {
    for (let at = from; at >= 0 && at < lines.length; at += by)
      if (lines[at]?.includes(found) === true) {
        top = Math.min(at, last);
        return;
      }
    note = 'Pattern not found';
  };
  for (;;) {
    const shown = lines
      .slice(top, top + height)
      .concat(Array.from({ length: Math.max(0, height - lines.length) }, () => '~'));
    const status = note !== '' ? note : top >= last ? '(END)' : ':';
    note = '';
    stdout.write(`\u001b[H\u001b[J${shown.map((line) => `${line}\n`).join('')}\u001b[7m${status}\u001b[m`);
    const key = await keys.next();
    stdout.write('\r\u001b[K');
    switch (key) {
      case undefined:
      case 'q':
      case 'Q':
        return;
      case 'j':
      case 'e':
      case 'down':
      case '\r':
      case '\n':
        top = Math.min(last, top + 1);
        break;
      case 'k':
      case 'y':
      case 'up':
        top = Math.max(0, top - 1);
        break;
      case ' ':
      case 'f':
      case '\u0006':
        top = Math.min(last, top + height);
        break;
      case 'b':
      case '\u0002':
        top = Math.max(0, top - height);
        break;
      case 'd':
        top = Math.min(last, top + Math.ceil(height / 2));
        break;
      case 'u':
        top = Math.max(0, top - Math.ceil(height / 2));
        break;
      case 'g':
      case '<':
      case 'home':
        top = 0;
        break;
      case 'G':
      case '>':
      case 'end':
        top = last;
        break;
      case '/':
        found = await typed(keys, stdout);
        find(top + 1, 1);
        break;
      case 'n':
        find(top + 1, 1);
        break;
      case 'N':
        find(top - 1, -1);
        break;
    }
  }
}

async function typed(keys: Keys, { write }: ShellProcess['stdout']): Promise<string> {
  let text = '';
  for (;;) {
    write(`\r\u001b[K/${text}`);
    const key = await keys.next();
    if (key === undefined || key === '\u001b') return '';
    if (key === '\r' || key === '\n') return text;
    text = key === '\u007f' || key === '\b' ? text.slice(0, -1) : text + (key.length === 1 ? key : '');
  }
}

export const pagerTools: Readonly<Record<string, ShellProgram>> = { less: pager, more: pager };
