import { type FieldErrors, type FieldPath, invalid, required } from './field-error.ts';

// Messages come as lists, [] when the value is fine: callers decide which field they belong to.

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const underscoreLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const underscoreSubdomain = `${underscoreLabel}(\\.${underscoreLabel})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const wildcard = `\\*\\.${subdomain}`;
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;
const cIdentifier = '[A-Za-z_][A-Za-z0-9_]*';
const envVarName = '[-._a-zA-Z][-._a-zA-Z0-9]*';
const configMapKey = '[-._a-zA-Z0-9]+';
const percent = '[0-9]+%';
const httpHeader = '[-A-Za-z0-9]+';
const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

const whole = (pattern: string, flags = '') => new RegExp(`^${pattern}$`, flags);
const labelRegExp = whole(label);
const subdomainRegExp = whole(subdomain);
const caselessSubdomainRegExp = whole(subdomain, 'i');
const underscoreSubdomainRegExp = whole(underscoreSubdomain);
const label1035RegExp = whole(label1035);
const wildcardRegExp = whole(wildcard);
/** Keys without a prefix, which most are. */
const shortKeyRegExp = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const labelKeyRegExp = whole(labelKey);
const labelValueRegExp = whole(labelValue);
const cIdentifierRegExp = whole(cIdentifier);
const envVarNameRegExp = whole(envVarName);
const configMapKeyRegExp = whole(configMapKey);
const percentRegExp = whole(percent);
const httpHeaderRegExp = whole(httpHeader);
const httpPathRegExp = whole(httpPath);

/** Length in UTF-8, which is what every limit counts. */
export function byteLength(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Each half of a surrogate pair counts 2 of the pair's 4 bytes.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2;
  }
  return bytes;
}

/** The text of every failed pattern: `MSG (e.g. 'a',  or 'b', regex used for validation is 'RE')`, the odd commas included. */
export function regexMessage(message: string, pattern: string, ...examples: string[]): string {
  const listed = examples.map((example) => `'${example}', `).join(' or ');
  return `${message} (${examples.length === 0 ? '' : `e.g. ${listed}`}regex used for validation is '${pattern}')`;
}

export function maxLengthMessage(max: number, unit: 'characters' | 'bytes' = 'characters'): string {
  return `must be no more than ${max} ${unit}`;
}

export function inclusiveRangeMessage(min: number, max: number): string {
  return `must be between ${min} and ${max}, inclusive`;
}

type LengthUnit = 'characters' | 'bytes';

function checkLabel(value: string, unit: LengthUnit): string[] {
  const messages = byteLength(value) > 63 ? [maxLengthMessage(63, unit)] : [];
  if (labelRegExp.test(value)) return messages;
  if (subdomainRegExp.test(value)) messages.push('must not contain dots');
  else {
    const text =
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    messages.push(regexMessage(text, label, 'my-name', '123-abc'));
  }
  return messages;
}

function checkSubdomain(value: string, unit: LengthUnit): string[] {
  const messages = byteLength(value) > 253 ? [maxLengthMessage(253, unit)] : [];
  if (!subdomainRegExp.test(value)) {
    const text =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    messages.push(regexMessage(text, subdomain, 'example.com'));
  }
  return messages;
}

export function isDNS1123Label(value: string): string[] {
  return checkLabel(value, 'characters');
}

export function isDNS1123Subdomain(value: string): string[] {
  return checkSubdomain(value, 'characters');
}

/** As isDNS1123Label, for declaratively validated fields: these count `bytes` in words. */
export function isShortName(value: string): string[] {
  return checkLabel(value, 'bytes');
}

/** As isDNS1123Subdomain, for declaratively validated fields: these count `bytes` in words. */
export function isLongName(value: string): string[] {
  return checkSubdomain(value, 'bytes');
}

export function isLongNameCaseless(value: string): string[] {
  const messages = byteLength(value) > 253 ? [maxLengthMessage(253, 'bytes')] : [];
  if (!caselessSubdomainRegExp.test(value)) {
    const text =
      "an RFC 1123 subdomain must consist of alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
    messages.push(regexMessage(text, subdomain, 'Example.com'));
  }
  return messages;
}

export function isDNS1123SubdomainWithUnderscore(value: string): string[] {
  const messages = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (!underscoreSubdomainRegExp.test(value)) {
    const text =
      "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
    messages.push(regexMessage(text, underscoreSubdomain, 'example.com'));
  }
  return messages;
}

export function isDNS1035Label(value: string): string[] {
  const messages = byteLength(value) > 63 ? [maxLengthMessage(63)] : [];
  if (!label1035RegExp.test(value)) {
    const text =
      "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
    messages.push(regexMessage(text, label1035, 'my-name', 'abc-123'));
  }
  return messages;
}

export function isWildcardDNS1123Subdomain(value: string): string[] {
  const messages = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (!wildcardRegExp.test(value)) {
    const text =
      "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
    messages.push(regexMessage(text, wildcard, '*.example.com'));
  }
  return messages;
}

function labelKeyPattern(): string {
  const text =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return regexMessage(text, labelKey, 'MyName', 'my.name', '123-abc');
}

/** `name` or `prefix/name`: keys of labels and annotations, finalizers, condition types. */
export function isQualifiedName(value: string): string[] {
  if (shortKeyRegExp.test(value)) return [];
  const parts = value.split('/');
  if (parts.length > 2) {
    return [
      `a valid label key ${labelKeyPattern()} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  }
  const messages: string[] = [];
  const [first = '', second] = parts;
  if (second !== undefined) {
    if (first === '') messages.push('prefix part must be non-empty');
    else messages.push(...isLongName(first).map((message) => `prefix part ${message}`));
  }
  const name = second ?? first;
  if (name === '') messages.push('name part must be non-empty');
  else if (byteLength(name) > 63) messages.push(`name part ${maxLengthMessage(63, 'bytes')}`);
  if (!labelKeyRegExp.test(name)) messages.push(`name part ${labelKeyPattern()}`);
  return messages;
}

export function isValidLabelValue(value: string): string[] {
  const messages = byteLength(value) > 63 ? [maxLengthMessage(63, 'bytes')] : [];
  if (!labelValueRegExp.test(value)) {
    const text =
      "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    messages.push(regexMessage(text, labelValue, 'MyValue', 'my_value', '12345'));
  }
  return messages;
}

export function isCIdentifier(value: string): string[] {
  if (cIdentifierRegExp.test(value)) return [];
  const text =
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
  return [regexMessage(text, cIdentifier, 'my_name', 'MY_NAME', 'MyName')];
}

function parentDirectory(value: string): string[] {
  if (value === '.') return ["must not be '.'"];
  if (value === '..') return ["must not be '..'"];
  return value.startsWith('..') ? ["must not start with '..'"] : [];
}

export function isEnvVarName(value: string): string[] {
  const text =
    "a valid environment variable name must consist of alphabetic characters, digits, '_', '-', or '.', and must not start with a digit";
  const messages = envVarNameRegExp.test(value)
    ? []
    : [regexMessage(text, envVarName, 'my.env-name', 'MY_ENV.NAME', 'MyEnvName1')];
  return [...messages, ...parentDirectory(value)];
}

export function isRelaxedEnvVarName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  if (/^[ -<>-~]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

export function isConfigMapKey(value: string): string[] {
  const messages = byteLength(value) > 253 ? [maxLengthMessage(253)] : [];
  if (!configMapKeyRegExp.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    messages.push(regexMessage(text, configMapKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  return [...messages, ...parentDirectory(value)];
}

export function isValidPortName(value: string): string[] {
  const messages = byteLength(value) > 15 ? [maxLengthMessage(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) {
    messages.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) messages.push('must contain at least one letter (a-z)');
  if (value.includes('--')) messages.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) messages.push('must not begin or end with a hyphen');
  return messages;
}

export function isHTTPHeaderName(value: string): string[] {
  if (httpHeaderRegExp.test(value)) return [];
  return [
    regexMessage("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeader, 'X-Header-Name'),
  ];
}

export function isValidPercent(value: string): string[] {
  if (percentRegExp.test(value)) return [];
  return [
    regexMessage("a valid percent string must be a numeric string followed by an ending '%'", percent, '1%', '93%'),
  ];
}

export function isInRange(value: number, min: number, max: number): string[] {
  return value >= min && value <= max ? [] : [inclusiveRangeMessage(min, max)];
}

export function isValidPortNum(value: number): string[] {
  return isInRange(value, 1, 65535);
}

export function isValidUserID(value: number): string[] {
  return isInRange(value, 0, 2147483647);
}

export function isValidGroupID(value: number): string[] {
  return isInRange(value, 0, 2147483647);
}

/** What a name in a URL path may hold: the loosest of all name rules. */
export function isPathSegmentName(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

// A prefix may end in '-', which the generated suffix makes valid.
function maskTrailingDash(name: string): string {
  return name.length > 1 && name.endsWith('-') ? `${name.slice(0, -2)}a` : name;
}

export function nameIsDNSSubdomain(name: string, prefix: boolean): string[] {
  return isDNS1123Subdomain(prefix ? maskTrailingDash(name) : name);
}

export function nameIsDNSLabel(name: string, prefix: boolean): string[] {
  return isDNS1123Label(prefix ? maskTrailingDash(name) : name);
}

export function nameIsDNS1035Label(name: string, prefix: boolean): string[] {
  return isDNS1035Label(prefix ? maskTrailingDash(name) : name);
}

export function nameIsPathSegment(name: string, prefix: boolean): string[] {
  return prefix && (name === '.' || name === '..') ? [] : isPathSegmentName(name);
}

/** At least three dotted segments, e.g. signer and driver names. */
export function isFullyQualifiedName(path: FieldPath, value: string): FieldErrors {
  if (value === '') return [required(path)];
  const messages = isDNS1123Subdomain(value);
  if (messages.length > 0) return [invalid(path, value, messages.join(','))];
  if (value.split('.').length >= 3) return [];
  return [invalid(path, value, 'should be a domain with at least three segments separated by dots')];
}

export function isFullyQualifiedDomainName(path: FieldPath, value: string): FieldErrors {
  if (value === '') return [required(path)];
  const name = value.endsWith('.') ? value.slice(0, -1) : value;
  const messages = isDNS1123Subdomain(name);
  if (messages.length > 0) return [invalid(path, name, messages.join(','))];
  const labels = name.split('.');
  if (labels.length < 2) {
    return [invalid(path, name, 'should be a domain with at least two segments separated by dots')];
  }
  for (const each of labels) {
    const wrong = isDNS1123Label(each);
    if (wrong.length > 0) return [invalid(path, each, wrong.join(','))];
  }
  return [];
}

/** `host/path`, e.g. signer names and topology keys. */
export function isDomainPrefixedPath(path: FieldPath, value: string): FieldErrors {
  if (value === '') return [required(path)];
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) {
    return [invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)];
  const errors = isDNS1123Subdomain(host).map((message) => invalid(path, host, message));
  if (!httpPathRegExp.test(rest)) errors.push(invalid(path, rest, regexMessage('Invalid path', httpPath)));
  return errors;
}

/** A label key that has a prefix. */
export function isDomainPrefixedKey(path: FieldPath, value: string): FieldErrors {
  if (value === '') return [required(path)];
  const messages = isQualifiedName(value);
  if (messages.length > 0) return messages.map((message) => invalid(path, value, message));
  if (value.includes('/')) return [];
  return [invalid(path, value, 'must be a domain-prefixed key (such as "acme.io/foo")')];
}
