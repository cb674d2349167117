import t from 'tap';
import { FieldPath, fieldErrorMessage } from './field-error.ts';
import {
  cidrWarnings,
  contains,
  formatIP,
  ipWarnings,
  isIPv6,
  parseCIDR,
  parseIP,
  validateCIDR,
  validateInterfaceAddress,
  validateIP,
  validateLegacyCIDR,
  validateLegacyIP,
} from './ip.ts';
import * as names from './names.ts';

const subdomainText =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const labelText =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const keyText =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

await t.test('names are refused in the words of a real API server', async (t) => {
  t.strictSame(names.isDNS1123Subdomain('a.b-c.1'), []);
  for (const wrong of ['A', 'a_b', '-a', 'a..b', 'a-', '']) {
    t.strictSame(names.isDNS1123Subdomain(wrong), [subdomainText], wrong);
  }
  t.strictSame(names.isDNS1123Subdomain('a'.repeat(254)), ['must be no more than 253 characters']);
  t.strictSame(names.isDNS1123Label('A'), [labelText]);
  t.strictSame(names.isDNS1123Label('a.b'), ['must not contain dots']);
  t.strictSame(names.isDNS1123Label('a'.repeat(64)), ['must be no more than 63 characters']);
  t.strictSame(names.isShortName('a'.repeat(64)), ['must be no more than 63 bytes']);
  t.match(names.isDNS1035Label('1a'), [/^a DNS-1035 label must consist .*regex used for validation is '\[a-z\]/]);
  t.match(names.isWildcardDNS1123Subdomain('a.b'), [/^a wildcard DNS-1123 subdomain must start with '\*\.'/]);
  t.strictSame(names.isWildcardDNS1123Subdomain('*.a.b'), []);
  t.strictSame(names.isPathSegmentName('..'), ["may not be '..'"]);
  t.strictSame(names.isPathSegmentName('a%/b'), ["may not contain '/'", "may not contain '%'"]);
});

await t.test('a prefix may end where the generated part makes it valid', async (t) => {
  t.strictSame(names.nameIsDNSSubdomain('a-', true), []);
  t.strictSame(names.nameIsDNSSubdomain('A-', true), []);
  t.strictSame(names.nameIsDNSSubdomain('a-', false), [subdomainText]);
  t.strictSame(names.nameIsPathSegment('..', true), []);
});

await t.test('qualified names tell which part is wrong', async (t) => {
  t.strictSame(names.isQualifiedName('a.b/C_d'), []);
  t.strictSame(names.isQualifiedName('/x'), ['prefix part must be non-empty']);
  t.strictSame(names.isQualifiedName('a/'), ['name part must be non-empty', `name part ${keyText}`]);
  t.strictSame(names.isQualifiedName('A/b'), [`prefix part ${subdomainText}`]);
  t.strictSame(names.isQualifiedName('x'.repeat(64)), ['name part must be no more than 63 bytes']);
  t.strictSame(names.isQualifiedName('a/b/c'), [
    `a valid label key ${keyText} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
  ]);
  t.strictSame(names.isValidLabelValue(''), []);
  t.match(names.isValidLabelValue('é'.repeat(32)), [
    'must be no more than 63 bytes',
    /^a valid label must be an empty/,
  ]);
});

await t.test('keys, ports, variables and numbers have rules of their own', async (t) => {
  t.strictSame(names.isConfigMapKey('..'), ["must not be '..'"]);
  t.strictSame(names.isConfigMapKey('...x'), ["must not start with '..'"]);
  t.match(names.isConfigMapKey('a/b'), [/^a valid config key must consist of/]);
  t.match(names.isEnvVarName('1a'), [/must not start with a digit/]);
  t.strictSame(names.isRelaxedEnvVarName('1 a!'), []);
  t.match(names.isRelaxedEnvVarName('a=b'), [/printable ASCII characters other than '='$/]);
  t.strictSame(names.isRelaxedEnvVarName(''), ['environment variable name must be non-empty']);
  t.strictSame(names.isValidPortName('1--'), [
    'must contain at least one letter (a-z)',
    'must not contain consecutive hyphens',
    'must not begin or end with a hyphen',
  ]);
  t.strictSame(names.isValidPortNum(0), ['must be between 1 and 65535, inclusive']);
  t.strictSame(names.isValidUserID(-1), ['must be between 0 and 2147483647, inclusive']);
  t.strictSame(names.isValidPercent('5%'), []);
  t.match(names.isValidPercent('x'), [/'1%', {2}or '93%'/]);
  t.match(names.isCIdentifier('1'), [/^a valid C identifier/]);
  t.match(names.isHTTPHeaderName('a b'), [/^a valid HTTP header/]);
  t.equal(names.byteLength('aé€😀'), 10);
});

await t.test('qualified domain names and paths name their field', async (t) => {
  const path = FieldPath.of('spec', 'signerName');
  const texts = (errors: Parameters<typeof fieldErrorMessage>[0][]) => errors.map(fieldErrorMessage);
  t.strictSame(texts(names.isFullyQualifiedName(path, 'a.b')), [
    'spec.signerName: Invalid value: "a.b": should be a domain with at least three segments separated by dots',
  ]);
  t.strictSame(texts(names.isFullyQualifiedName(path, '')), ['spec.signerName: Required value']);
  t.strictSame(names.isFullyQualifiedDomainName(path, 'a.b.'), []);
  t.strictSame(texts(names.isDomainPrefixedPath(path, 'a.b')), [
    'spec.signerName: Invalid value: "a.b": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
  t.strictSame(names.isDomainPrefixedPath(path, 'a.b/c/d'), []);
  t.strictSame(texts(names.isDomainPrefixedKey(path, 'a')), [
    'spec.signerName: Invalid value: "a": must be a domain-prefixed key (such as "acme.io/foo")',
  ]);
});

await t.test('addresses are accepted, refused and warned of as a real API server does', async (t) => {
  const path = FieldPath.of('ip');
  const detail = (errors: readonly { readonly detail: string }[]) => errors.map((error) => error.detail).join();
  for (const [value, strict, legacy] of [
    ['10.0.0.1', '', ''],
    ['fd00::1', '', ''],
    ['010.0.0.1', 'must not have leading 0s', 'must not have leading 0s'],
    ['::ffff:1.2.3.4', 'must not be an IPv4-mapped IPv6 address', 'must not be an IPv4-mapped IPv6 address'],
    ['FD00::1', 'must be in canonical form ("fd00::1")', ''],
    ['fd00:0::1', 'must be in canonical form ("fd00::1")', ''],
  ] as const) {
    t.equal(detail(validateIP(path, value)), strict && `Invalid value: "${value}": ${strict}`);
    t.equal(detail(validateLegacyIP(path, value)), legacy && `Invalid value: "${value}": ${legacy}`);
  }
  for (const wrong of [
    '',
    '1.2.3',
    '1.2.3.256',
    '1.2.3.4.5',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '::1%eth0',
  ]) {
    t.match(
      detail(validateIP(path, wrong)),
      /must be a valid IP address, \(e\.g\. 10\.9\.8\.7 or 2001:db8::ffff\)$/,
      wrong,
    );
  }
  t.strictSame(validateLegacyIP(path, '010.0.0.1', ['010.0.0.1']), []);
  t.strictSame(ipWarnings(path, 'FD00::1'), [
    'ip: IPv6 address "FD00::1" should be in RFC 5952 canonical format ("fd00::1")',
  ]);
  t.strictSame(ipWarnings(path, '010.0.0.1'), ['ip: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"']);
});

await t.test('networks are checked, and their addresses known', async (t) => {
  const path = FieldPath.of('cidr');
  const detail = (errors: readonly { readonly detail: string }[]) => errors.map((error) => error.detail).join();
  t.strictSame(validateCIDR(path, '10.0.0.0/24'), []);
  t.match(detail(validateCIDR(path, '10.0.0.1/24')), /must not have bits set beyond the prefix length$/);
  t.match(detail(validateCIDR(path, '010.0.0.0/24')), /must not have leading 0s in IP or prefix length$/);
  t.match(detail(validateCIDR(path, '::ffff:1.2.3.4/24')), /must not have an IPv4-mapped IPv6 address$/);
  t.match(detail(validateCIDR(path, 'FD00::/64')), /must be in canonical form \("fd00::\/64"\)$/);
  t.match(detail(validateLegacyCIDR(path, '1.2.3/24')), /must be a valid CIDR value, \(e\.g\. 10\.9\.8\.0\/24 or/);
  t.match(detail(validateLegacyCIDR(path, '1.2.3.4/33')), /must be a valid CIDR value/);
  t.strictSame(validateInterfaceAddress(path, '10.0.0.1/24'), []);
  t.strictSame(cidrWarnings(path, '10.0.0.1/24'), [
    'cidr: CIDR value "10.0.0.1/24" is ambiguous in this context (should be "10.0.0.0/24" or "10.0.0.1/32"?)',
  ]);
  const range = parseCIDR('10.0.1.0/24');
  const address = parseIP('10.0.1.77');
  t.ok(range && address && contains(range, address));
  t.equal(range && formatIP(range.family, range.base + 5n), '10.0.1.5');
  t.equal(isIPv6('::ffff:1.2.3.4'), false);
  for (const text of ['::', '::1', '1::', '1:0:0:2::3', '1:2:3:4:5:6:7:8', '1:0:2:0:3:0:4:0']) {
    const parsed = parseIP(text);
    t.equal(parsed && formatIP(6, parsed.bits), text);
  }
});
