import type { ShellProcess, ShellProgram } from '../../shell-process.ts';
import { runColon } from './colon-commands.ts';
import { Commands } from './commands.ts';
import { Editor } from './editor.ts';
import { Keys } from './keys.ts';

/** The editor of busybox. */
export const vi: ShellProgram = async (args, process) => {
  const paths = args.filter((arg) => !/^[-+]./.test(arg));
  const first = args.find((arg) => arg.startsWith('+'));
  const initial = args.flatMap((arg, at) => (arg === '-c' ? [args[at + 1] ?? ''] : []));
  const files = paths.filter((path) => !initial.includes(path));
  let code = 0;
  for (const path of files.length === 0 ? [undefined] : files) {
    const editor = new Editor(process, path);
    editor.isReadOnly = args.includes('-R');
    await editor.load();
    if (first !== undefined)
      editor.buffer.moveTo(first === '+' ? Number.MAX_SAFE_INTEGER : Number(first.slice(1)) - 1, 0);
    code = await edit(editor, process, initial);
  }
  return code;
};

async function edit(editor: Editor, process: ShellProcess, initial: readonly string[]): Promise<number> {
  const terminal = process.descriptors.get(0)?.channel.terminal;
  let modes = terminal?.modes;
  const takeTerminal = async (): Promise<void> => {
    await inForeground(process);
    modes = terminal?.modes;
    if (terminal !== undefined && modes !== undefined)
      terminal.modes = {
        ...modes,
        canonical: false,
        echo: false,
        signals: false,
        returnsAreLines: false,
        linesReturn: false,
      };
    editor.screen.open();
  };
  const giveTerminal = (): void => {
    editor.screen.close();
    if (terminal !== undefined && modes !== undefined) terminal.modes = modes;
  };
  process.onSignal('WINCH', () => {
    editor.screen.forget();
    editor.draw();
  });
  await takeTerminal();
  try {
    for (const command of initial) await runColon(command, editor);
    const keys = new Keys(process);
    const commands = new Commands(editor, keys, async () => {
      giveTerminal();
      process.kill(0, 'TSTP');
      await process.budget.breathe();
      await takeTerminal();
    });
    while (!editor.isOver) {
      if (!keys.isReplaying) editor.draw();
      if (!(await commands.run())) break;
    }
  } finally {
    giveTerminal();
    process.onSignal('WINCH', undefined);
  }
  return editor.code;
}

/** Who is beside a terminal may not change how it works: it is stopped until it has it. */
async function inForeground({ terminal, pid, processes, kill, budget }: ShellProcess): Promise<void> {
  const all = processes();
  const group = all.find((one) => one.pid === pid)?.group;
  const isBeside = terminal !== undefined && terminal.foreground !== group;
  if (!isBeside || !all.some((one) => one.group === terminal.foreground)) return;
  kill(0, 'TTOU');
  await budget.breathe();
}
