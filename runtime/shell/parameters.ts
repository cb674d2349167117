import type { Shell } from './shell.ts';

/** What a name stands for: a variable, a parameter, or what the shell knows. */
export function parameterValue(shell: Shell, name: string): string | undefined {
  const { context, variables, parameters } = shell;
  switch (name) {
    case '?':
      return String(shell.lastCode);
    case '#':
      return String(parameters.length);
    case '$':
      return String(shell.pid);
    case '!':
      return shell.lastJob === undefined ? undefined : String(shell.lastJob);
    case '-':
      return `${[...shell.options].filter((option) => option.length === 1).join('')}${shell.isCommand ? 'c' : ''}${shell.isInteractive ? 'i' : ''}`;
    case '0':
      return shell.name;
    case 'RANDOM':
      return String(Math.floor(context.random.next() * 32_768));
    case 'SECONDS':
      return (
        variables.get(name) ??
        (shell.isBash ? String(Math.floor((context.clock.now() - shell.startedAt) / 1000)) : undefined)
      );
    case 'LINENO':
      return String(shell.line);
    case 'EPOCHSECONDS':
      return String(Math.floor(context.clock.now() / 1000));
    case 'EPOCHREALTIME':
      return (context.clock.now() / 1000).toFixed(6);
    default:
      return /^\d+$/.test(name) ? parameters[Number(name) - 1] : (variables.get(name) ?? ofBash(shell, name));
  }
}

function ofBash({ isBash, context }: Shell, name: string): string | undefined {
  if (!isBash) return undefined;
  switch (name) {
    case 'UID':
    case 'EUID':
      return String(context.user.uid);
    case 'BASHPID':
      return String(context.pid);
    case 'BASH':
      return '/bin/bash';
    case 'BASH_VERSION':
      return '5.2.37(1)-release';
    default:
      return undefined;
  }
}
