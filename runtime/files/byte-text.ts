import type { ByteText } from './file-tree.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const chunk = 8192;

/** From a string of Unicode, as it stands in an object: its UTF-8. */
export function textOf(unicode: string): ByteText {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII stays as it is
  return /^[\u0000-\u007f]*$/.test(unicode) ? unicode : fromBytes(encoder.encode(unicode));
}

/** To a string of Unicode; what is no UTF-8 becomes U+FFFD. */
export function unicodeOf(text: ByteText): string {
  return decoder.decode(bytesOf(text));
}

export function bytesOf(text: ByteText): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
  return bytes;
}

export function fromBytes(bytes: Uint8Array): ByteText {
  let text = '';
  for (let at = 0; at < bytes.length; at += chunk) text += String.fromCharCode(...bytes.subarray(at, at + chunk));
  return text;
}
