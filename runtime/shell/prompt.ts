import { dateText } from './date-text.ts';
import { parameterValue } from './parameters.ts';
import type { Shell } from './shell.ts';

/** PS1 or PS2 with what its escapes stand for. */
export function promptText(shell: Shell, name: 'PS1' | 'PS2'): string {
  const text = shell.variables.get(name) ?? '';
  const escaped = text.replaceAll(/\\([0-7]{3}|.)/gs, (whole, key: string) => escapeText(shell, key) ?? whole);
  return escaped.replaceAll(
    /\$(\w+|\{\w+\}|\?)/g,
    (_, key: string) => parameterValue(shell, key.replaceAll(/[{}]/g, '')) ?? '',
  );
}

function escapeText({ context, variables, name }: Shell, key: string): string | undefined {
  const { user, facts, cwd, clock } = context;
  const home = variables.get('HOME') ?? '';
  const short =
    home !== '' && home !== '/' && (cwd === home || cwd.startsWith(`${home}/`)) ? `~${cwd.slice(home.length)}` : cwd;
  switch (key) {
    case 'u':
      return userName(context);
    case 'h':
      return facts.hostname.replace(/\..*$/, '');
    case 'H':
      return facts.hostname;
    case 'w':
      return short;
    case 'W':
      return short === '/' ? '/' : short.slice(short.lastIndexOf('/') + 1);
    case '$':
      return user.uid === 0 ? '#' : '$';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 'e':
      return '\u001b';
    case 'a':
      return '\u0007';
    case 't':
      return dateText('%H:%M:%S', clock.now());
    case 'd':
      return dateText('%a %b %d', clock.now());
    case 's':
      return name.slice(name.lastIndexOf('/') + 1);
    case '[':
    case ']':
      return '';
    case '\\':
      return '\\';
    default:
      return /^[0-7]{3}$/.test(key) ? String.fromCharCode(Number.parseInt(key, 8)) : undefined;
  }
}

function userName({ files, user }: Shell['context']): string {
  const lines = (files.read('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  return lines.find(([, , id]) => id === String(user.uid))?.[0] ?? 'I have no name!';
}
