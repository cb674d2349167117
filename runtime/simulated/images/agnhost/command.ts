import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { FlagError, type Flags, goLog, type ParsedFlags, parseFlags } from '../go-command.ts';
import { runLoaded } from '../image.ts';

/** A command of agnhost, with its flags. */
export interface AgnhostCommand {
  readonly short: string;
  readonly flags?: Flags;
  /** How many words may follow; none unless said otherwise. */
  readonly accepts?: { readonly words: number; readonly isExact: boolean };
  load(): Promise<CommandProgram>;
}

export type CommandProgram = (context: ProgramContext, flags: ParsedFlags) => Promise<number> | number;

export const agnhost: Program = (context) => runLoaded(context, () => programOf(context));

/** What the words ask for, even if that is only help. */
async function programOf({ args }: ProgramContext): Promise<Program> {
  const { commands } = await import('./commands.ts');
  const { helpOf, suggestionsFor } = await import('./help.ts');
  const [name, ...rest] = args.slice(1);
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') return says(helpOf(commands));
  if (name === '--version') return says('app version 2.63.0\n');
  const command = commands[name];
  if (command === undefined)
    return complains(`unknown command ${JSON.stringify(name)} for "app"\n${suggestionsFor(name, commands)}`);
  if (rest.includes('--help') || rest.includes('-h'))
    return says(`${command.short}\n\nUsage:\n  app ${name} [flags]\n`);
  try {
    const flags = parseFlags(command.flags ?? {}, rest);
    checkWords(name, command, flags.rest);
    const program = await command.load();
    return (context) => listening(context, () => program(context, flags));
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    return complains(`${error.message}\n`);
  }
}

/** A port that somebody has ends it, with Go's words. */
async function listening(context: ProgramContext, run: () => Promise<number> | number): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof NetworkError) || error.code !== 'EADDRINUSE') throw error;
    const [port = ''] = /:\d+\b/.exec(error.message) ?? [];
    goLog(context)(`listen tcp ${port}: bind: address already in use`);
    return 1;
  }
}

function checkWords(name: string, { accepts }: AgnhostCommand, given: readonly string[]): void {
  const { words, isExact } = accepts ?? { words: 0, isExact: false };
  if (isExact && given.length !== words) throw new FlagError(`accepts ${words} arg(s), received ${given.length}`);
  if (given.length <= words) return;
  if (words > 0) throw new FlagError(`accepts at most ${words} arg(s), received ${given.length}`);
  throw new FlagError(`unknown command ${JSON.stringify(given[0])} for "app ${name}"`);
}

const says =
  (text: string): Program =>
  ({ stdout }) => {
    stdout.write(text);
    return 0;
  };

const complains =
  (text: string): Program =>
  ({ stderr }) => {
    stderr.write(`Error: ${text}`);
    return 1;
  };
