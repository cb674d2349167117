import { Ended } from '../processes/program.ts';
import { Break, ExpansionError, Leave } from './control.ts';
import type { Interpreter } from './interpreter.ts';
import { hangUpStopped, keepsShell, tellOfJobs } from './jobs.ts';
import { ShellSyntaxError } from './language/syntax.ts';
import { tryParse } from './language/try-parse.ts';
import { LineEditor } from './line-editor.ts';
import { promptText } from './prompt.ts';
import type { Shell } from './shell.ts';

/** Reads what somebody types, until the end. */
export async function interact(interpreter: Interpreter): Promise<number> {
  const { shell } = interpreter;
  const { context } = shell;
  shell.isInteractive = true;
  if (context.terminal !== undefined) {
    shell.options.add('m');
    context.terminal.foreground = context.processes().find(({ pid }) => pid === context.pid)?.group ?? context.pid;
  }
  // They end what runs, not the shell.
  context.onSignal('INT', () => shell.interrupt('INT'));
  // What they start heeds them.
  for (const name of ['TERM', 'QUIT', 'TSTP', 'TTIN', 'TTOU']) context.onSignal(name, () => undefined);
  try {
    return await converse(interpreter);
  } finally {
    hangUpStopped(shell);
  }
}

async function converse(interpreter: Interpreter): Promise<number> {
  const { shell } = interpreter;
  const editor = new LineEditor(shell);
  let text = '';
  for (;;) {
    tellOfJobs(shell);
    const prompt = promptText(shell, text === '' ? 'PS1' : 'PS2');
    const line = await editor.read(prompt);
    if (line === 'interrupted') {
      text = '';
      shell.lastCode = 130;
      continue;
    }
    if (line === undefined) {
      if (keepsShell(shell)) continue;
      break;
    }
    text += `${line}\n`;
    if (text.trim() === '') {
      text = '';
      continue;
    }
    shell.exitWarnings = Math.max(0, shell.exitWarnings - 1);
    text = await run(interpreter, text);
  }
  if (shell.isBash) shell.context.stderr.write('exit\n');
  return shell.lastCode;
}

/** What of it is still to be completed. Throws Leave when the shell is to end. */
async function run(interpreter: Interpreter, text: string): Promise<string> {
  const { shell } = interpreter;
  try {
    const list = tryParse(text, shell.aliases);
    if (list === undefined) return text;
    remember(shell, text);
    await interpreter.list(list);
  } catch (error) {
    if (error instanceof Break) shell.lastCode = 130;
    else if (error instanceof ExpansionError || error instanceof ShellSyntaxError) {
      if (error.message !== '') shell.complain(error.message);
      shell.lastCode = 2;
    } else if (error instanceof RangeError) shell.lastCode = interpreter.codeOf(error);
    else if (error instanceof Ended || !(error instanceof Leave) || error.what === 'exit') throw error;
  }
  shell.pending.delete('INT');
  return '';
}

const maxHistory = 500;

function remember(shell: Shell, text: string): void {
  const line = text.replace(/\n$/, '');
  if (shell.history.at(-1) === line) return;
  shell.history.push(line);
  if (shell.history.length > maxHistory) shell.history.shift();
}
