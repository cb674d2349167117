import { sleep } from '../client/sleep.ts';
import { deaf, type Program, type ProgramContext } from './process.ts';

/** A command with what stands before it: `;`, `&&` or `||`. */
interface Command {
  readonly joined: ';' | '&&' | '||';
  readonly words: readonly string[];
}

const unitsMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Plain commands of a shell's text; undefined where it needs more of a shell than that. */
export function parseScript(text: string): readonly Command[] | undefined {
  if (/[`$(){}<>|&](?<!&&|\|\|)|\b(if|for|while|until|case|function|trap|exec)\b/.test(text.replaceAll(/&&|\|\|/g, '')))
    return undefined;
  const commands: Command[] = [];
  let joined: Command['joined'] = ';';
  for (const piece of text.split(/(&&|\|\||;|\n)/)) {
    if (piece === '&&' || piece === '||') joined = piece;
    else if (piece === ';' || piece === '\n') joined = ';';
    else if (piece.trim() !== '') {
      const words = [...piece.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? '');
      commands.push({ joined, words });
    }
  }
  return commands;
}

/** The exit code of a plain command; 'exit' ends the script. Undefined: it is not known here. */
async function perform(words: readonly string[], { clock, killed }: ProgramContext): Promise<number | undefined> {
  const [name = '', first = ''] = words;
  switch (name.split('/').at(-1)) {
    case 'true':
    case 'echo':
    case ':':
    case 'date':
    case 'printf':
      return 0;
    case 'false':
      return 1;
    case 'sleep': {
      if (first === 'infinity' || first === 'inf') return deaf({ clock, killed } as ProgramContext);
      const [, amount = '0', unit = 's'] = /^([\d.]+)([smhd]?)$/.exec(first) ?? [];
      await sleep(clock, Number(amount) * (unitsMs[unit === '' ? 's' : unit] ?? 1000), killed);
      return 0;
    }
    default:
      return undefined;
  }
}

/** Runs a shell's text. What is not understood is taken for a server that stays up, and nothing behind it runs. */
export function scriptProgram(text: string): Program {
  const commands = parseScript(text);
  if (commands === undefined) return deaf;
  return async (context) => {
    let code = 0;
    for (const { joined, words } of commands) {
      if (context.killed.aborted) return 137;
      if ((joined === '&&' && code !== 0) || (joined === '||' && code === 0)) continue;
      if (words[0] === 'exit') return words[1] === undefined ? code : Number(words[1]) & 0xff;
      const result = await perform(words, context);
      if (result === undefined) return deaf(context);
      code = result;
    }
    return code;
  };
}

/** A command without a shell: undefined where it is not one of the plain ones. */
export function plainProgram(words: readonly string[]): Program | undefined {
  const name = (words[0] ?? '').split('/').at(-1) ?? '';
  if (!['true', 'false', 'sleep', 'echo', 'date', 'printf'].includes(name)) return undefined;
  return async (context) => (await perform(words, context)) ?? 0;
}
