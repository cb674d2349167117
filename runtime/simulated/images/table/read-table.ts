import { parseYaml } from '../../../../api/yaml.ts';
import type { GrpcRule, HttpRule, ImageEntry, LogRule, ProgramRule, Span } from './entry.ts';
import { Fields, TableError } from './fields.ts';

const milli = 1000;

/** YAML or JSON: an object with `images`, or the list alone. Throws TableError. */
export function readTable(text: string, where: string): readonly ImageEntry[] {
  let value: unknown;
  try {
    ({ value } = parseYaml(text));
  } catch (error) {
    throw new TableError(`${where}: ${error instanceof Error ? error.message : error}`);
  }
  if (Array.isArray(value)) return new Fields({ images: value }, where).rows('images', readEntry);
  const fields = new Fields(value ?? {}, where);
  const entries = fields.rows('images', readEntry);
  fields.end();
  return entries;
}

function bytesOf(thousandths: number | undefined): number | undefined {
  return thousandths === undefined ? undefined : thousandths / milli;
}

function readEntry(fields: Fields): ImageEntry {
  const pull = fields.inner('pull');
  const users = pull.map('users');
  const pulling = {
    delayMs: pull.duration('delay') ?? 0,
    ...optional('error', pull.text('error')),
    ...optional('sizeBytes', bytesOf(pull.quantity('size'))),
    ...(Object.keys(users).length === 0 ? {} : { users }),
  };
  pull.end();
  const run = fields.inner('run');
  const runMs = run.duration('for');
  const exitCodes = run.numbers('exitCodes');
  const message = run.text('message');
  run.end();
  const resources = fields.inner('resources');
  const cpu = resources.quantity('cpu') ?? 0;
  const memory = resources.quantity('memory') ?? 0;
  const growth = resources.quantity('memoryPerSecond') ?? 0;
  const written = bytesOf(resources.quantity('ephemeral-storage'));
  resources.end();
  return {
    images: fields.texts('image'),
    ...optional('command', fields.text('command')),
    ...optional('container', fields.text('container')),
    pull: pulling,
    startMs: fields.duration('startDelay') ?? 0,
    ...optional('runMs', runMs ?? (exitCodes.length > 0 ? 0 : undefined)),
    exitCodes: exitCodes.length > 0 ? exitCodes : [0],
    logs: fields.rows('logs', readLog),
    http: fields.rows('http', readHttp),
    tcp: fields.numbers('tcp'),
    grpc: fields.rows('grpc', readGrpc),
    programs: fields.rows('programs', readProgram),
    millicores: cpu,
    memoryBytes: memory / milli,
    memoryGrowth: growth / milli,
    ...optional('writtenBytes', written),
    onTerminate: readTermination(fields),
    ...optional('terminationMessage', message),
    environment: fields.map('environment'),
    files: fields.map('files'),
    ...optional('user', fields.text('user')),
    ...optional('workingDir', fields.text('workingDir')),
  };
}

function optional<Name extends string, T>(name: Name, value: T | undefined): { readonly [key in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [key in Name]?: T };
}

function readSpan(fields: Fields): Span {
  return { fromMs: fields.duration('from') ?? 0, untilMs: fields.duration('until') ?? Number.POSITIVE_INFINITY };
}

function readTermination(fields: Fields): ImageEntry['onTerminate'] {
  const inner = fields.inner('onTerminate');
  const isIgnored = inner.text('ignore') === 'true';
  const ending = { exitCode: inner.number('exitCode') ?? 0, delayMs: inner.duration('delay') ?? 0 };
  inner.end();
  return isIgnored ? 'ignore' : ending;
}

function readLog(fields: Fields): LogRule {
  const text = fields.text('text');
  if (text === undefined) throw fields.fail('text', 'is required');
  const stream = fields.text('stream') ?? 'stdout';
  if (stream !== 'stdout' && stream !== 'stderr') throw fields.fail('stream', 'must be stdout or stderr');
  const everyMs = fields.duration('every');
  if (everyMs !== undefined && everyMs < 10) throw fields.fail('every', 'must be 10ms or more');
  return { text, stream, ...optional('everyMs', everyMs), ...readSpan(fields) };
}

function portOf(fields: Fields): number {
  const port = fields.number('port') ?? 0;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw fields.fail('port', 'must be between 1 and 65535');
  return port;
}

function readHttp(fields: Fields): HttpRule {
  const status = fields.number('status') ?? 200;
  if (!Number.isInteger(status) || status < 200 || status > 599)
    throw fields.fail('status', 'must be between 200 and 599');
  return {
    port: portOf(fields),
    path: fields.text('path') ?? '*',
    ...optional('method', fields.text('method')),
    status,
    body: fields.text('body') ?? '',
    headers: fields.map('headers'),
    delayMs: fields.duration('delay') ?? 0,
    ...readSpan(fields),
  };
}

function readGrpc(fields: Fields): GrpcRule {
  const status = fields.text('status') ?? 'SERVING';
  if (status !== 'SERVING' && status !== 'NOT_SERVING') throw fields.fail('status', 'must be SERVING or NOT_SERVING');
  return { port: portOf(fields), service: fields.text('service') ?? '', status, ...readSpan(fields) };
}

function readProgram(fields: Fields): ProgramRule {
  const path = fields.text('path');
  if (path === undefined) throw fields.fail('path', 'is required');
  return {
    path: path.startsWith('/') ? path : `/usr/local/bin/${path}`,
    exitCode: fields.number('exitCode') ?? 0,
    stdout: fields.text('stdout') ?? '',
    stderr: fields.text('stderr') ?? '',
    delayMs: fields.duration('delay') ?? 0,
    ...readSpan(fields),
  };
}
