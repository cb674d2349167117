/** A shell's pattern as an expression; `quoted` characters stand for themselves. */
export function patternExpression(
  pieces: readonly { readonly text: string; readonly quoted: boolean }[],
  anchors = true,
): RegExp {
  let source = '';
  for (const { text, quoted } of pieces) {
    if (quoted) {
      source += escaped(text);
      continue;
    }
    for (let i = 0; i < text.length; i++) {
      const char = text[i] ?? '';
      if (char === '*') source += '[^]*';
      else if (char === '?') source += '[^]';
      else if (char === '[') {
        const end = text.indexOf(']', i + 2);
        if (end < 0) source += '\\[';
        else {
          source += `[${text
            .slice(i + 1, end)
            .replace(/^!/, '^')
            .replaceAll('\\', '\\\\')}]`;
          i = end;
        }
      } else source += escaped(char);
    }
  }
  return new RegExp(anchors ? `^(?:${source})$` : source);
}

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
