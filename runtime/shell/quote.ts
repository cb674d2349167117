/** As a shell reads it again: always in quotes. */
export function quotedWord(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The same as ash has it, with quotes in quotes of the other kind. */
export function quotedInAsh(text: string): string {
  const pieces = text.match(/[^']*'+|[^']+/g) ?? [''];
  return pieces
    .map((piece) => piece.replace(/^([^']*)('*)$/, (_, plain, marks) => `'${plain}'${marks && `"${marks}"`}`))
    .join('');
}

/** In quotes only where something needs them. */
export function quotedIfNeeded(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : quotedWord(text);
}

const keywords = /^(!|case|do|done|elif|else|esac|fi|for|function|if|in|then|until|while|\{|\}|\[\[)$/;

/** As `set -x` of ash shows a word. */
export function quotedInTrace(text: string): string {
  return /[^+,\-./\d:@A-Z\]^_a-z]/.test(text) || keywords.test(text) ? quotedInAsh(text) : text;
}
