const atom = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\u0080-\\u{10ffff}-]+";
const dotAtom = `${atom}(?:\\.${atom})*`;
const quoted = '"(?:[^"\\\\\\u0000-\\u0008\\u000a-\\u001f\\u007f]|\\\\[\\t\\u0020-\\u007e\\u0080-\\u{10ffff}])*"';
const domainLiteral = '\\[[^\\[\\]\\\\\\u0000-\\u001f]*\\]';
const comment = '(?:[ \\t]*\\([^()\\\\]*\\))*[ \\t]*';
const address = `(?:${dotAtom}|${quoted})[ \\t]*@[ \\t]*(?:${dotAtom}|${domainLiteral})`;
const word = `(?:${quoted}|${atom}(?:\\.${atom})*\\.?)`;
const phrase = `${word}(?:[ \\t]+${word}|${quoted})*`;
const mailbox = new RegExp(`^[ \\t]*(?:${address}|(?:${phrase})?[ \\t]*<[ \\t]*${address}[ \\t]*>)${comment}$`, 'u');

/** Go's mail.ParseAddress: one address, with or without a name in front. */
export function isEmail(text: string): boolean {
  return mailbox.test(text);
}
