import { oid } from './der.ts';
import { type DerElement, derElements, pemBytes } from './der-reader.ts';

/** What a PKCS #10 request asks for. */
export interface SigningRequest {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly emailAddresses: readonly string[];
  readonly uris: readonly string[];
  /** As bytes. */
  readonly ipAddresses: readonly Buffer[];
  /** DER as it stands in the request. */
  readonly subject: Buffer;
  readonly publicKey: Buffer;
}

const commonName = oid('2.5.4.3').toString('hex');
const organizationName = oid('2.5.4.10').toString('hex');
const extensionRequest = oid('1.2.840.113549.1.9.14').toString('hex');
const subjectAltName = oid('2.5.29.17').toString('hex');

function inside(element: DerElement | undefined): readonly DerElement[] {
  return element === undefined ? [] : derElements(element.content);
}

function hex(element: DerElement | undefined): string {
  return element?.whole.toString('hex') ?? '';
}

/** Undefined where the text is no request. */
export function readSigningRequest(pem: string): SigningRequest | undefined {
  const bytes = pemBytes(pem, 'CERTIFICATE REQUEST');
  const [outer] = bytes === undefined ? [] : derElements(bytes);
  const [info] = inside(outer);
  const [, subject, publicKey, attributes] = inside(info);
  if (subject === undefined || publicKey === undefined) return undefined;
  const names = inside(subject).flatMap(inside).map(inside);
  const valuesOf = (type: string): string[] =>
    names.flatMap(([name, value]) => (hex(name) === type && value !== undefined ? [value.content.toString()] : []));
  const alternatives = alternativesIn(attributes);
  const textsOf = (number: number): string[] =>
    alternatives.filter(({ tag }) => tag === (0x80 | number)).map(({ content }) => content.toString('latin1'));
  return {
    commonName: valuesOf(commonName).at(-1) ?? '',
    organizations: valuesOf(organizationName),
    emailAddresses: textsOf(1),
    dnsNames: textsOf(2),
    uris: textsOf(6),
    ipAddresses: alternatives.filter(({ tag }) => tag === 0x87).map(({ content }) => content),
    subject: subject.whole,
    publicKey: publicKey.whole,
  };
}

function alternativesIn(attributes: DerElement | undefined): readonly DerElement[] {
  for (const [type, values] of inside(attributes).map(inside)) {
    if (hex(type) !== extensionRequest) continue;
    for (const extension of inside(values).flatMap(inside).map(inside)) {
      if (hex(extension[0]) !== subjectAltName) continue;
      return derElements(extension.at(-1)?.content ?? Buffer.alloc(0)).flatMap(inside);
    }
  }
  return [];
}
