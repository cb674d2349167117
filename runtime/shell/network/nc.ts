import { bytesOf, fromBytes } from '../../files/byte-text.ts';
import { resolvePath } from '../../files/path.ts';
import type { Connection } from '../../network/network.ts';
import { readingFile, writingFile } from '../../processes/open-file.ts';
import { ExecError } from '../../processes/program.ts';
import { readerOf, writerOf } from '../streams.ts';
import { FlagError, type ParsedFlags, parseFlags } from './flags.ts';
import {
  addressOf,
  codeOf,
  connectWithin,
  deadline,
  errorWords,
  type NetworkProcess,
  type NetworkProgram,
  withPort,
} from './place.ts';
import { join, unlessInterrupted } from './stream-joint.ts';

const usage = `usage: nc [-46DdhklNnrtuvz] [-e program] [-p source_port] [-q seconds] [-w timeout] [destination] [port]
`;
const names: Readonly<Record<number, string>> = {
  21: 'ftp',
  22: 'ssh',
  25: 'smtp',
  53: 'domain',
  80: 'http',
  443: 'https',
  6379: 'redis',
  8080: 'http-alt',
};

/** In whose words it speaks. */
interface Dialect {
  unknown(host: string): string;
  failed(host: string, ip: string, port: number, why: string): string;
  open(host: string, ip: string, port: number, protocol: string): string;
  listening(port: number): string;
}

const busybox: Dialect = {
  unknown: (host) => `nc: bad address '${host}'\n`,
  failed: (host, ip, port, why) =>
    host === ip
      ? `nc: can't connect to remote host (${ip}): ${why}\n`
      : `nc: ${host} (${withPort(ip, port)}): ${why}\n`,
  open: (host, ip, port) => `${host} (${withPort(ip, port)}) open\n`,
  listening: (port) => `listening on [::]:${port} ...\n`,
};

const openbsd: Dialect = {
  unknown: (host) => `nc: getaddrinfo for host "${host}" port: Name does not resolve\n`,
  failed: (host, ip, port, why) => {
    const place = host === ip ? `${ip} port ${port}` : `${host} (${ip}) port ${port}`;
    return why === 'Connection timed out'
      ? `nc: connect to ${place} (tcp) timed out: Operation in progress\n`
      : `nc: connect to ${place} (tcp) failed: ${why}\n`;
  },
  open: (host, ip, port, protocol) => {
    const place = host === ip ? `${ip} ${port} port` : `${host} (${ip}) ${port} port`;
    return `Connection to ${place} [${protocol}/${names[port] ?? '*'}] succeeded!\n`;
  },
  listening: (port) => `Listening on 0.0.0.0 ${port}\n`,
};

export const nc: NetworkProgram = (args, process) => netcat(args, process, busybox);
/** As in images with the one of OpenBSD. */
export const openbsdNc: NetworkProgram = (args, process) => netcat(args, process, openbsd);

async function netcat(args: readonly string[], process: NetworkProcess, dialect: Dialect): Promise<number> {
  // All that follows `-e` is the program's.
  const at = args.indexOf('-e');
  const program = at < 0 ? undefined : args.slice(at + 1);
  let flags: ParsedFlags;
  try {
    flags = parseFlags(at < 0 ? args : args.slice(0, at), { letters: '46DdhklNnrtuvzUbo', valued: 'pqwsiIOXxfT' });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(
      `nc: ${error.isMissingValue ? 'option requires an argument' : 'unrecognized option'}: ${error.flag.replace(/^-/, '')}\n${usage}`,
    );
    return 1;
  }
  if (flags.has('l') && flags.has('U')) return listenAtPath(flags.operands[0] ?? '', process);
  if (flags.has('l')) return listen(flags, program, process, dialect);
  const [host, ports = ''] = flags.operands;
  if (host === undefined || ports === '') {
    process.stderr.write(usage);
    return 1;
  }
  const ip = await addressOf(host, process);
  if (ip === undefined) {
    process.stderr.write(dialect.unknown(host));
    return 1;
  }
  const [first = 0, last = first] = ports.split('-').map(Number);
  let code = 1;
  for (let port = first; port <= last; port++) {
    const place = { host, ip, port };
    const outcome = flags.has('u')
      ? await datagrams(place, flags, process, dialect)
      : await connect(place, flags, program, process, dialect);
    if (outcome === 0) code = 0;
  }
  return code;
}

interface Place {
  readonly host: string;
  readonly ip: string;
  readonly port: number;
}

function secondsOf(flags: ParsedFlags, name: string): number | undefined {
  const value = flags.value(name);
  return value === undefined ? undefined : Number(value) * 1000;
}

async function connect(
  { host, ip, port }: Place,
  flags: ParsedFlags,
  program: readonly string[] | undefined,
  process: NetworkProcess,
  dialect: Dialect,
): Promise<number> {
  const limit = deadline(process, secondsOf(flags, 'w'));
  let connection: Connection;
  try {
    connection = await connectWithin(process, { ip, port }, limit);
  } catch (error) {
    const isSilent = dialect === openbsd && !flags.has('v');
    if (!isSilent) process.stderr.write(dialect.failed(host, ip, port, errorWords(error)));
    return 1;
  } finally {
    limit.end();
  }
  if (flags.has('v')) process.stderr.write(dialect.open(host, ip, port, 'tcp'));
  if (flags.has('z')) {
    connection.stream.destroy();
    return 0;
  }
  if (program !== undefined) return serve(connection, program, process);
  const idleMs = secondsOf(flags, 'w');
  await join(connection.stream, process, { idleMs, quitMs: secondsOf(flags, 'q'), isDetached: flags.has('d') });
  return 0;
}

/** A program whose input and output are the connection. */
async function serve(
  { stream }: Connection,
  args: readonly string[],
  { spawn, stderr }: NetworkProcess,
): Promise<number> {
  const iterator = stream[Symbol.asyncIterator]();
  const reader = readerOf(async () => {
    const next = await iterator.next().catch(() => ({ done: true, value: undefined }));
    return next.done === true ? undefined : fromBytes(next.value as Buffer);
  });
  const writer = writerOf((text) => {
    if (!stream.destroyed) stream.write(bytesOf(text));
  });
  const [stdin, stdout] = [readingFile(reader, 'socket:[1]'), writingFile(writer, 'socket:[1]')];
  try {
    const descriptors = new Map([
      [0, stdin],
      [1, stdout],
      [2, stdout],
    ]);
    return (await spawn({ args, descriptors }).exited).code;
  } catch (error) {
    if (!(error instanceof ExecError)) throw error;
    stderr.write(`nc: can't execute '${args[0]}': No such file or directory\n`);
    return error.code;
  } finally {
    stream.end();
  }
}

/** Datagrams have no end: it waits for answers until nothing went for the time of `-w`, or for ever. */
async function datagrams(
  { host, ip, port }: Place,
  flags: ParsedFlags,
  { network, stdin, stdout, stderr, clock, killed }: NetworkProcess,
  dialect: Dialect,
): Promise<number> {
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, killed]);
  const idleMs = secondsOf(flags, 'w');
  let timer: { cancel(): void } | undefined;
  let code = 0;
  const touch = (): void => {
    timer?.cancel();
    if (idleMs !== undefined) timer = clock.after(idleMs, () => over.abort());
  };
  const socket = network.bind(
    Number(flags.value('p') ?? 0),
    ({ bytes }) => {
      touch();
      stdout.write(fromBytes(bytes));
    },
    {
      onUnreachable: () => {
        code = 1;
        over.abort();
      },
    },
  );
  try {
    if (flags.has('v')) stderr.write(dialect.open(host, ip, port, 'udp'));
    if (flags.has('z')) return 0;
    touch();
    for (let text = await stdin.chunk({ signal }); text !== undefined; text = await stdin.chunk({ signal })) {
      socket.send({ ip, port }, bytesOf(text));
      touch();
    }
    if (!signal.aborted)
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  } catch (error) {
    unlessInterrupted(error);
  } finally {
    timer?.cancel();
    socket.close();
  }
  return code;
}

async function listen(
  flags: ParsedFlags,
  program: readonly string[] | undefined,
  process: NetworkProcess,
  dialect: Dialect,
): Promise<number> {
  const { network, stderr, killed } = process;
  const port = Number(flags.value('p') ?? flags.operands.at(-1) ?? 0);
  const waiting: Connection[] = [];
  let wake = (): void => undefined;
  try {
    if (flags.has('u')) return await listenForDatagrams(port, process);
    const listener = network.listen(port, (connection) => {
      waiting.push(connection);
      wake();
    });
    if (flags.has('v')) stderr.write(dialect.listening(listener.port));
    try {
      do {
        while (waiting.length === 0 && !killed.aborted)
          await new Promise<void>((resolve) => {
            wake = resolve;
            killed.addEventListener('abort', wake, { once: true });
          });
        const connection = waiting.shift();
        if (connection === undefined) return 143;
        if (!flags.has('k')) listener.close();
        if (flags.has('v'))
          stderr.write(
            `connect to ${withPort(connection.flow.to.ip, connection.flow.to.port)} from ${withPort(connection.flow.from.ip, connection.flow.from.port)}\n`,
          );
        if (program !== undefined) await serve(connection, program, process);
        else await join(connection.stream, process, { idleMs: secondsOf(flags, 'w'), isDetached: flags.has('d') });
      } while (flags.has('k'));
      return 0;
    } finally {
      listener.close();
    }
  } catch (error) {
    if (codeOf(error) !== 'EADDRINUSE') throw error;
    stderr.write('nc: bind: Address already in use\n');
    return 1;
  }
}

/** Whoever sends first is answered with what is read. */
/** A socket as a file: it is there, but nothing of the network leads to it. */
async function listenAtPath(path: string, { files, cwd, stderr, killed }: NetworkProcess): Promise<number> {
  const full = resolvePath(cwd, path);
  if (files.lstat(full) !== undefined || files.makeNode === undefined) {
    stderr.write('nc: Address in use\n');
    return 1;
  }
  files.makeNode(full, { type: 'socket', mode: 0o755 });
  await new Promise<void>((resolve) => {
    if (killed.aborted) resolve();
    killed.addEventListener('abort', () => resolve(), { once: true });
  });
  return 143;
}

async function listenForDatagrams(port: number, { network, stdin, stdout, killed }: NetworkProcess): Promise<number> {
  const { promise: first, resolve } = Promise.withResolvers<{ ip: string; port: number } | undefined>();
  const socket = network.bind(port, ({ from, bytes }) => {
    resolve(from);
    stdout.write(fromBytes(bytes));
  });
  killed.addEventListener('abort', () => resolve(undefined), { once: true });
  try {
    const peer = await first;
    if (peer === undefined) return 143;
    for (
      let text = await stdin.chunk({ signal: killed });
      text !== undefined;
      text = await stdin.chunk({ signal: killed })
    )
      socket.send(peer, bytesOf(text));
    await new Promise<void>((done) => killed.addEventListener('abort', () => done(), { once: true }));
  } catch (error) {
    unlessInterrupted(error);
  } finally {
    socket.close();
  }
  return 143;
}

/** A plain connection, without the options that only terminals talk about. */
export const telnet: NetworkProgram = async (args, process) => {
  const [host, port = '23'] = args.filter((arg) => !arg.startsWith('-'));
  if (host === undefined) {
    process.stderr.write('BusyBox v1.36.1 multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n');
    return 1;
  }
  const ip = await addressOf(host, process);
  if (ip === undefined) {
    process.stderr.write(`telnet: bad address '${host}'\n`);
    return 1;
  }
  try {
    const { stream } = await connectWithin(process, { ip, port: Number(port) }, { signal: process.killed });
    process.stdout.write(`Connected to ${host}\n\nEntering character mode\nEscape character is '^]'.\n\n`);
    await join(stream, process, {});
    process.stdout.write('Connection closed by foreign host\n');
    return 1;
  } catch (error) {
    process.stderr.write(`telnet: can't connect to remote host (${ip}): ${errorWords(error)}\n`);
    return 1;
  }
};
