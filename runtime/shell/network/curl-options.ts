import { FlagError, type ParsedFlags, parseFlags } from './flags.ts';

/** Long names with the letter that they stand for. */
const long: Readonly<Record<string, string>> = {
  silent: 's',
  'show-error': 'S',
  verbose: 'v',
  include: 'i',
  head: 'I',
  insecure: 'k',
  location: 'L',
  'location-trusted': 'L',
  fail: 'f',
  'fail-with-body': '',
  'fail-early': '',
  'output=': 'o',
  'remote-name': 'O',
  'write-out=': 'w',
  'request=': 'X',
  'data=': 'd',
  'data-ascii=': 'd',
  'data-binary=': '',
  'data-raw=': '',
  'data-urlencode=': '',
  'json=': '',
  'form=': 'F',
  'form-string=': 'F',
  'header=': 'H',
  'max-time=': 'm',
  'connect-timeout=': '',
  'resolve=': '',
  'connect-to=': '',
  'user=': 'u',
  disable: 'q',
  globoff: 'g',
  'retry=': '',
  'retry-delay=': '',
  'retry-max-time=': '',
  'retry-connrefused': '',
  'retry-all-errors': '',
  'user-agent=': 'A',
  'referer=': 'e',
  'cookie=': 'b',
  'cookie-jar=': 'c',
  'cacert=': '',
  'capath=': '',
  'cert=': 'E',
  'key=': '',
  get: 'G',
  'upload-file=': 'T',
  ipv4: '4',
  ipv6: '6',
  http1: '',
  'http1.0': '0',
  'http1.1': '',
  http2: '',
  'http2-prior-knowledge': '',
  'no-buffer': 'N',
  'no-keepalive': '',
  'keepalive-time=': '',
  'max-redirs=': '',
  'no-progress-meter': '',
  'progress-bar': '#',
  compressed: '',
  'create-dirs': '',
  'dump-header=': 'D',
  'oauth2-bearer=': '',
  'interface=': '',
  'local-port=': '',
  'noproxy=': '',
  'proxy=': 'x',
  'url=': '',
  'stderr=': '',
  'path-as-is': '',
  'limit-rate=': '',
  'max-filesize=': '',
  'range=': 'r',
  'tlsv1.2': '',
  'tlsv1.3': '',
  tlsv1: '1',
  'unix-socket=': '',
  'haproxy-protocol': '',
  version: 'V',
  help: 'h',
};

const flagNames = { letters: 'sSvikILfOqgGN46#0VjR1a', valued: 'owXdFHmuAebcETDxrhKUyYz', long };

/** Exit code and the rest of the line that says why. */
export class CurlError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Undefined with what to say where the command line is wrong. */
export function parseCurl(args: readonly string[]): ParsedFlags | string {
  try {
    return parseFlags(args, flagNames);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    const why = error.isMissingValue ? 'requires parameter' : 'is unknown';
    return `curl: option ${error.flag}: ${why}\ncurl: try 'curl --help' or 'curl --manual' for more information\n`;
  }
}

/** `--write-out`: variables in `%{…}`, escapes. */
export function writeOut(format: string, known: Readonly<Record<string, string>>): string {
  return format.replaceAll(/%\{([^}]*)\}|%%|\\([nrt\\])/g, (whole, name: string | undefined, letter: string) => {
    if (whole === '%%') return '%';
    if (name !== undefined) return known[name] ?? '';
    return { n: '\n', r: '\r', t: '\t' }[letter] ?? '\\';
  });
}
