function wrong(line: number, what: string): Error {
  return new Error(`invalid environment variable format at line ${line}: ${what}`);
}

/** A name from the part of a line that stands before the equals sign. */
function nameOf(part: string, line: number): string {
  if (part.trim() === '') throw wrong(line, 'empty variable name');
  if (part !== part.trimEnd()) throw wrong(line, "whitespace before '=' is not allowed");
  return part;
}

/** From the line after the opening quote: the value, and the index of its last line. */
function quotedValue(lines: readonly string[], first: string, begin: number): readonly [string, number] {
  let rest = first;
  let value = '';
  let at = begin;
  while (!rest.includes("'")) {
    value += `${rest}\n`;
    const next = lines[++at];
    if (next === undefined)
      throw new Error(`invalid environment variable format starting at line ${begin + 1}: unclosed single quote`);
    rest = next;
  }
  const close = rest.indexOf("'");
  const after = rest.slice(close + 1).replace(/^[ \t]+/, '');
  if (after !== '' && !after.startsWith('#')) throw wrong(at + 1, 'unexpected content after closing quote');
  return [value + rest.slice(0, close), at];
}

function* entriesOf(text: string): Generator<readonly [string, string]> {
  const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
  for (let at = 0; at < lines.length; at++) {
    const line = (lines[at] ?? '').replace(/^[ \t]+/, '');
    if (line === '' || line.startsWith('#')) continue;
    const equals = line.indexOf('=');
    if (equals < 0) throw wrong(at + 1, "missing '='");
    const name = nameOf(line.slice(0, equals), at + 1);
    const part = line.slice(equals + 1);
    if (/^[ \t]/.test(part)) {
      yield [name, ''];
      continue;
    }
    if (!part.startsWith("'")) throw wrong(at + 1, 'value must be enclosed in single quotes');
    const [value, last] = quotedValue(lines, part.slice(1), at);
    at = last;
    yield [name, value];
  }
}

/**
 * The value of `key` in a file of `NAME='value'` lines; '' when it is not there. Values stand in single quotes and may go over lines; blank lines
 * and `#` comments are passed over. Throws what is wrong with the file before the key is found.
 */
export function envFileValue(text: string, key: string): string {
  for (const [name, value] of entriesOf(text)) if (name === key) return value;
  return '';
}
