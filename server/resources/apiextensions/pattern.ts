/** Go's syntax differs from JavaScript's in more than what is looked at here: flags in front, named groups, `\z`, POSIX classes. */
function toJavaScript(pattern: string): RegExp {
  const flags = /^\(\?([imsU]+)\)/.exec(pattern)?.[1] ?? '';
  const body = (flags === '' ? pattern : pattern.slice(flags.length + 3))
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\z', '$')
    .replaceAll('\\A', '^')
    .replace(/\[:(\w+):\]/g, 'a-z');
  return new RegExp(body, flags.replace('U', ''));
}

const words: readonly (readonly [RegExp, (pattern: string) => string])[] = [
  [/Unterminated group/, (pattern) => `missing closing ): \`${pattern}\``],
  [/Unmatched '\)'/, (pattern) => `unexpected ): \`${pattern}\``],
  [/Unterminated character class/, (pattern) => `missing closing ]: \`${pattern.slice(pattern.lastIndexOf('['))}\``],
  [
    /Nothing to repeat/,
    (pattern) => `missing argument to repetition operator: \`${/[*+?]/.exec(pattern)?.[0] ?? ''}\``,
  ],
  [/\\ at end of pattern/, () => 'trailing backslash at end of expression: ``'],
  [
    /out of order in character class/,
    (pattern) => `invalid character class range: \`${/.-./.exec(pattern)?.[0] ?? ''}\``,
  ],
];

/** Why Go would not take a regular expression, in its words where they are known; undefined when it would. */
export function patternError(pattern: string): string | undefined {
  const perl = /\(\?(?:[=!]|<[=!])/.exec(pattern)?.[0];
  if (perl !== undefined) return `error parsing regexp: invalid or unsupported Perl syntax: \`${perl}\``;
  try {
    toJavaScript(pattern);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const found = words.find(([shape]) => shape.test(message));
    return `error parsing regexp: ${found === undefined ? message : found[1](pattern)}`;
  }
}
