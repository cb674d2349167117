import { bytesOf, fromBytes } from '../../../files/byte-text.ts';
import type { ByteText } from '../../../files/file-tree.ts';
import { NetworkError } from '../../../network/network.ts';
import type { Program, ProgramContext } from '../../process.ts';
import { LookupError, resolveAddress } from '../resolve.ts';
import { version } from './information.ts';
import { encode, Parser, RedisError, type Reply, Status } from './resp.ts';

interface CliOptions {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly isRaw: boolean;
  readonly command: readonly ByteText[];
}

interface RedisClient {
  /** Undefined: the server has gone. */
  receive(): Promise<Reply | undefined>;
  ask(command: readonly ByteText[]): Promise<Reply | undefined>;
  close(): void;
}

/** `redis-cli [-h host] [-p port] [-a password] [command…]`; without a command, those that it reads. */
export const redisCli: Program = async (context) => {
  const { args, stdout, stderr } = context;
  if (args[1] === '-v' || args[1] === '--version') {
    stdout.write(`redis-cli ${version}\n`);
    return 0;
  }
  const options = optionsOf(context);
  let client: RedisClient;
  try {
    client = await connect(context, options);
  } catch (error) {
    if (!(error instanceof LookupError || error instanceof NetworkError)) throw error;
    const refused =
      error instanceof NetworkError && error.code === 'ECONNREFUSED' ? 'Connection refused' : error.message;
    const why = error instanceof LookupError ? 'Name or service not known' : refused;
    stderr.write(`Could not connect to Redis at ${options.host}:${options.port}: ${why}\n`);
    return 1;
  }
  const show = (reply: Reply): void => stdout.write(options.isRaw ? `${rawText(reply)}\n` : shownText(reply));
  if (options.password !== '') await client.ask(['AUTH', options.password]);
  await (options.command.length > 0 ? runOne(client, options.command, show) : converse(context, client, options, show));
  client.close();
  return 0;
};

function optionsOf({ args, environment, terminal }: ProgramContext): CliOptions {
  const values: Record<string, ByteText> = {};
  let isRaw = terminal === undefined;
  let at = 1;
  for (; args[at]?.startsWith('-') === true; at++) {
    const option = args[at] ?? '';
    if (option === '--raw') isRaw = true;
    else if (option === '--no-raw') isRaw = false;
    else if (/^-[hpanui]$/.test(option)) values[option] = args[++at] ?? '';
  }
  return {
    host: values['-h'] ?? '127.0.0.1',
    port: Number(values['-p'] ?? 6379),
    password: values['-a'] ?? environment.get('REDISCLI_AUTH') ?? '',
    isRaw,
    command: args.slice(at),
  };
}

async function connect(context: ProgramContext, { host, port }: CliOptions): Promise<RedisClient> {
  const { stream } = await context.network.connect(await resolveAddress(context, host, port), {
    signal: context.killed,
  });
  const parser = new Parser();
  const pieces = stream[Symbol.asyncIterator]();
  const receive = async (): Promise<Reply | undefined> => {
    for (;;) {
      const reply = parser.next();
      if (reply !== undefined) return reply;
      const piece = await pieces.next();
      if (piece.done === true) return undefined;
      parser.push(fromBytes(piece.value as Buffer));
    }
  };
  return {
    receive,
    ask: (command) => {
      stream.write(bytesOf(encode(command)));
      return receive();
    },
    close: () => stream.destroy(),
  };
}

/** A subscription goes on until the server ends. */
async function runOne(client: RedisClient, command: readonly ByteText[], show: (reply: Reply) => void): Promise<void> {
  let reply = await client.ask(command);
  if (reply !== undefined) show(reply);
  while (reply !== undefined && /^p?subscribe$/i.test(command[0] ?? '')) {
    reply = await client.receive();
    if (reply !== undefined) show(reply);
  }
}

async function converse(
  { stdin, stdout, terminal }: ProgramContext,
  client: RedisClient,
  { host, port }: CliOptions,
  show: (reply: Reply) => void,
): Promise<void> {
  const prompt = (): void => (terminal === undefined ? undefined : stdout.write(`${host}:${port}> `));
  prompt();
  for (let line = await stdin.line(); line !== undefined; line = await stdin.line()) {
    const command = wordsOf(line);
    if (/^(quit|exit)$/i.test(command[0] ?? '')) break;
    const reply = command.length === 0 ? undefined : await client.ask(command);
    if (reply !== undefined) show(reply);
    prompt();
  }
}

function wordsOf(line: ByteText): ByteText[] {
  return [...line.trim().matchAll(/"((?:\\.|[^"\\])*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
}

function rawText(reply: Reply): ByteText {
  if (reply === null) return '';
  if (reply instanceof Status) return reply.text;
  if (reply instanceof RedisError) return `${reply.message}\n`;
  if (typeof reply === 'object') return reply.map(rawText).join('\n');
  return String(reply);
}

function shownText(reply: Reply, indent = ''): ByteText {
  if (reply === null) return '(nil)\n';
  if (reply instanceof Status) return `${reply.text}\n`;
  if (reply instanceof RedisError) return `(error) ${reply.message}\n`;
  if (typeof reply === 'number') return `(integer) ${reply}\n`;
  if (typeof reply === 'string')
    return `"${reply.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"\n`;
  if (reply.length === 0) return '(empty array)\n';
  const width = String(reply.length).length;
  return reply
    .map((one, index) => {
      const mark = `${String(index + 1).padStart(width)}) `;
      return `${index === 0 ? '' : indent}${mark}${shownText(one, indent + ' '.repeat(mark.length))}`;
    })
    .join('');
}
