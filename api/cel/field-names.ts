/** Words that no expression can use as they stand. */
export const reservedWords: ReadonlySet<string> = new Set(
  [
    'true false null in as break const continue else for function if import let loop package',
    'namespace return var void while',
  ]
    .join(' ')
    .split(' '),
);

const symbols: Readonly<Record<string, string>> = {
  __: '__underscores__',
  '.': '__dot__',
  '-': '__dash__',
  '/': '__slash__',
};
const symbolOf: ReadonlyMap<string, string> = new Map(
  Object.entries(symbols).map(([symbol, escaped]) => [escaped, symbol]),
);

/** The name by which an expression reads a field; undefined when none can. */
export function escapeFieldName(name: string): string | undefined {
  if (reservedWords.has(name)) return `__${name}__`;
  if (!/^[A-Za-z_./-][A-Za-z0-9_./-]*$/.test(name)) return undefined;
  return name.replace(/__|[-./]/g, (symbol) => symbols[symbol] ?? symbol);
}

/** The field that an escaped name stands for; undefined for an escape that is none. */
export function unescapeFieldName(escaped: string): string | undefined {
  let valid = true;
  const name = escaped.replace(/__[^_]+__/g, (part) => {
    const word = part.slice(2, -2);
    const plain = symbolOf.get(part) ?? (reservedWords.has(word) ? word : undefined);
    if (plain === undefined) valid = false;
    return plain ?? '';
  });
  return valid ? name : undefined;
}
