import { MemoryTree } from '../shell/files.ts';
import { runScript } from '../shell/interpreter.ts';
import type { ShellProcess } from '../shell/shell-process.ts';
import { readerOf } from '../shell/streams.ts';
import type { Program } from './process.ts';

/** What a shell runs as the first process of a container: `words` are its command line. */
export function shellProgram(words: readonly string[]): Program {
  return async ({ clock, random, environment, files, killed, onTerminate, log }) => {
    const pending = new Set<string>();
    const variables = new Map([['HOME', '/root'], ['PATH', '/bin:/usr/bin'], ['PWD', '/'], ...environment]);
    const process: ShellProcess = {
      clock,
      random,
      files: files ?? new MemoryTree(),
      variables,
      exported: new Set(variables.keys()),
      functions: new Map(),
      traps: new Map(),
      parameters: ['sh'],
      cwd: '/',
      lastCode: 0,
      stdin: readerOf(''),
      stdout: { write: (text) => log('stdout', text) },
      stderr: { write: (text) => log('stderr', text) },
      killed,
      pending,
      jobs: [],
      programs: new Map(),
      options: new Set(),
    };
    onTerminate(() => pending.add('TERM'));
    return runScript(words.map(quoted).join(' '), process);
  };
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
