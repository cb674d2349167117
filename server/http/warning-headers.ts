// Upstream's bounds: where all texts together are longer than the one, each is cut to the other, until the one is reached.
const maxTotal = 4096;
const maxItem = 256;

function header(text: string): string {
  // Header values are Latin-1 in Node: this way the bytes are UTF-8.
  return `299 - "${Buffer.from(text.replace(/[\\"]/g, '\\$&')).toString('latin1')}"`;
}

/** RFC 7234 warnings, code 299, agent `-`: each text once, none with control characters. */
export function warningHeaders(warnings: readonly string[]): Record<string, readonly string[]> {
  if (warnings.length === 0) return {};
  const texts = [...new Set(warnings)].filter((text) => text !== '' && !/\p{Cc}/u.test(text));
  const lengthOf = (text: string): number => [...text].length;
  if (texts.reduce((sum, text) => sum + lengthOf(text), 0) <= maxTotal) return asHeaders(texts);
  let total = 0;
  const cut = texts.map((text) => [...text].slice(0, maxItem).join(''));
  return asHeaders(
    cut.filter((text) => {
      if (total >= maxTotal) return false;
      total += lengthOf(text);
      return true;
    }),
  );
}

function asHeaders(texts: readonly string[]): Record<string, readonly string[]> {
  return texts.length === 0 ? {} : { warning: texts.map(header) };
}
