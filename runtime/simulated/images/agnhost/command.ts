import type { Program, ProgramContext } from '../../process.ts';
import { FlagError, type Flags, type ParsedFlags, parseFlags } from '../go-command.ts';

/** A command of agnhost, with its flags. */
export interface AgnhostCommand {
  readonly short: string;
  readonly flags?: Flags;
  /** How many words may follow; none unless said otherwise. */
  readonly accepts?: { readonly words: number; readonly isExact: boolean };
  load(): Promise<CommandProgram>;
}

export type CommandProgram = (context: ProgramContext, flags: ParsedFlags) => Promise<number> | number;

export const agnhost: Program = async (context) => {
  const { commands } = await import('./commands.ts');
  const { stdout, stderr, args } = context;
  const [name, ...rest] = args.slice(1);
  const { helpOf, suggestionsFor } = await import('./help.ts');
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    stdout.write(helpOf(commands));
    return 0;
  }
  if (name === '--version') {
    stdout.write('app version 2.63.0\n');
    return 0;
  }
  const command = commands[name];
  if (command === undefined) {
    stderr.write(`Error: unknown command ${JSON.stringify(name)} for "app"\n${suggestionsFor(name, commands)}`);
    return 1;
  }
  try {
    if (rest.includes('--help') || rest.includes('-h')) {
      stdout.write(`${command.short}\n\nUsage:\n  app ${name} [flags]\n`);
      return 0;
    }
    const flags = parseFlags(command.flags ?? {}, rest);
    const { words, isExact } = command.accepts ?? { words: 0, isExact: false };
    const count = flags.rest.length;
    if (isExact && count !== words) throw new FlagError(`accepts ${words} arg(s), received ${count}`);
    if (count > words)
      throw new FlagError(
        words === 0
          ? `unknown command ${JSON.stringify(flags.rest[0])} for "app ${name}"`
          : `accepts at most ${words} arg(s), received ${count}`,
      );
    const program = await command.load();
    return await program(context, flags);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    stderr.write(`Error: ${error.message}\n`);
    return 1;
  }
};
