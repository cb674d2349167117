/** Text that is not standard base64, in Go's words. */
export class Base64Error extends Error {
  constructor(offset: number) {
    super(`illegal base64 data at input byte ${offset}`);
    this.name = 'Base64Error';
  }
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const canonical = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$/;
// Beyond this the regular expression's backtracking stack is not to be relied on.
const maxRegexLength = 1 << 16;

const isLineBreak = (c: string | undefined): boolean => c === '\n' || c === '\r';

/** Checks one group of four from `at` on; returns where the next one starts and how many characters of data it had. */
function group(text: string, at: number): { next: number; digits: string; last: boolean } {
  let digits = '';
  let i = at;
  while (digits.length < 4) {
    const c = text[i];
    if (c === undefined) {
      if (digits.length === 0) return { next: i, digits, last: true };
      throw new Base64Error(i - digits.length);
    }
    i += 1;
    if (isLineBreak(c)) continue;
    if (c === '=') return { next: padding(text, i, digits.length), digits, last: true };
    if (!alphabet.includes(c)) throw new Base64Error(i - 1);
    digits += c;
  }
  return { next: i, digits, last: false };
}

// `at` is behind the first '='. Upstream names the offending byte, the end of the text included.
function padding(text: string, at: number, digits: number): number {
  let i = at;
  if (digits < 2) throw new Base64Error(i - 1);
  if (digits === 2) {
    while (isLineBreak(text[i])) i += 1;
    if (text[i] === undefined) throw new Base64Error(text.length);
    if (text[i] !== '=') throw new Base64Error(i - 1);
    i += 1;
  }
  while (isLineBreak(text[i])) i += 1;
  if (text[i] !== undefined) throw new Base64Error(i);
  return i;
}

/** Standard base64 as Go would print the same bytes: line breaks gone, unused bits zero. Throws Base64Error. */
export function normalizeBase64(text: string): string {
  if (text.length < maxRegexLength && canonical.test(text)) return text;
  let result = '';
  for (let at = 0; ; ) {
    const { next, digits, last } = group(text, at);
    at = next;
    if (digits.length === 4) result += digits;
    if (digits.length === 2) result += `${digits[0]}${alphabet[alphabet.indexOf(digits[1] ?? 'A') & 0x30]}==`;
    if (digits.length === 3) result += `${digits.slice(0, 2)}${alphabet[alphabet.indexOf(digits[2] ?? 'A') & 0x3c]}=`;
    if (last) return result;
  }
}

export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[i], bytes[i + 1], bytes[i + 2]];
    const bits = (a << 16) | (b << 8) | c;
    const left = bytes.length - i;
    parts.push(
      `${alphabet[bits >> 18]}${alphabet[(bits >> 12) & 63]}${left > 1 ? alphabet[(bits >> 6) & 63] : '='}${left > 2 ? alphabet[bits & 63] : '='}`,
    );
  }
  return parts.join('');
}
