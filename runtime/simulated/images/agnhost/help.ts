import type { AgnhostCommand } from './command.ts';

const flagsText = `Flags:
  -h, --help                           help for app
      --log-flush-frequency duration   Maximum number of seconds between log flushes (default 5s)
  -v, --v Level                        number for the log level verbosity
      --version                        version for app
      --vmodule moduleSpec             comma-separated list of pattern=N settings for file-filtered logging (only works for the default text log format)
`;

export function helpOf(commands: Readonly<Record<string, AgnhostCommand>>): string {
  const rows = Object.entries(commands).map(([name, { short }]) => `  ${name.padEnd(37)} ${short}\n`);
  const all = [...rows, `  ${'help'.padEnd(37)} Help about any command\n`].toSorted();
  return `Usage:\n  app [command]\n\nAvailable Commands:\n${all.join('')}\n${flagsText}\nUse "app [command] --help" for more information about a command.\n`;
}

/** Commands whose names are alike, as cobra offers them. */
export function suggestionsFor(name: string, commands: Readonly<Record<string, AgnhostCommand>>): string {
  const alike = Object.keys(commands).filter(
    (one) => distance(one, name) <= 2 || one.toLowerCase().startsWith(name.toLowerCase()),
  );
  return alike.length === 0 ? '' : `\nDid you mean this?\n${alike.map((one) => `\t${one}\n`).join('')}\n`;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
