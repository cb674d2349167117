import { type KeyObject, randomBytes, sign } from 'node:crypto';

const year = 365 * 24 * 3600_000;

function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  const length = content.length < 0x80 ? [content.length] : [0x82, content.length >> 8, content.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...contents: readonly Uint8Array[]) => der(0x30, ...contents);
const bits = (content: Uint8Array, unused = 0) => der(0x03, Buffer.from([unused]), content);
const utcTime = (at: number) =>
  der(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
const oid = (...bytes: readonly number[]) => der(0x06, Buffer.from(bytes));
/** Of `2.5.29.id`. */
const extension = (id: number, value: Uint8Array, critical = false) =>
  sequence(oid(0x55, 0x1d, id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));

/**
 * One self-signed certificate for 127.0.0.1 and names of its own that is all the reference needs: the API server serves it, trusts clients that it
 * signed, and the controller manager signs certificate requests with it. The key is P-256.
 */
export function selfSignedAuthority(
  publicKey: KeyObject,
  privateKey: KeyObject,
  dnsNames: readonly string[] = ['localhost'],
): string {
  const ecdsaWithSha256 = sequence(oid(0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02));
  const name = sequence(der(0x31, sequence(oid(0x55, 0x04, 0x03), der(0x0c, Buffer.from('kubefacade-reference')))));
  const serial = randomBytes(8);
  // Positive, and without a leading zero byte.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  const now = Date.now();
  const toBeSigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    name,
    sequence(utcTime(now - 60_000), utcTime(now + year)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(
      0xa3,
      sequence(
        // digitalSignature and keyCertSign.
        extension(15, bits(Buffer.from([0x84]), 2), true),
        extension(19, sequence(der(0x01, Buffer.from([0xff]))), true),
        extension(
          17,
          sequence(...dnsNames.map((name) => der(0x82, Buffer.from(name))), der(0x87, Buffer.from([127, 0, 0, 1]))),
        ),
      ),
    ),
  );
  const certificate = sequence(toBeSigned, ecdsaWithSha256, bits(sign('sha256', toBeSigned, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
