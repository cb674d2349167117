import type { Case } from '../../runner/case.ts';
import type { CaseContext } from '../../runner/context.ts';
import { openWebSocket } from '../../runner/web-socket.ts';
import { ofContainer, type RunningPod, runOnce, shell } from './running-pod.ts';

/** The pod `a`, with a container `c` that runs and one `ended` that has. */
async function running(c: CaseContext): Promise<RunningPod> {
  const pod = await runOnce(c, { containers: [shell('c', 'echo hello; sleep 1000'), shell('ended', 'true')] });
  await pod.until('one container runs and the other has ended', (status) => {
    const [one, other] = ['c', 'ended'].map((name) => ofContainer(status, name)?.state);
    return one?.running !== undefined && other?.terminated !== undefined;
  });
  return pod;
}

function query(command: readonly string[], streams: string, container = 'c'): string {
  const words = command.map((word) => `&command=${encodeURIComponent(word)}`).join('');
  return `container=${container}&${streams}${words}`;
}

/** What came on each channel. */
function byChannel(messages: readonly Buffer[], isText = false): Readonly<Record<string, string>> {
  const channels: Record<string, string> = {};
  for (const message of messages) {
    const channel = isText ? message.toString('latin1', 0, 1) : String(message[0]);
    const text = isText ? Buffer.from(message.toString('latin1', 1), 'base64').toString() : message.toString('utf8', 1);
    channels[channel] = (channels[channel] ?? '') + text;
  }
  return channels;
}

const success = { metadata: {}, status: 'Success' };

async function exitCodes(c: CaseContext): Promise<void> {
  const { path } = await running(c);
  const script = ['sh', '-c', 'echo out; echo err >&2; exit 7'];
  for (const [protocol, words] of [
    ['v5.channel.k8s.io', 'command terminated with exit code 7'],
    ['v4.channel.k8s.io', 'error executing command [sh -c echo out; echo err >&2; exit 7], exit code 7'],
    ['v4.base64.channel.k8s.io', 'error executing command [sh -c echo out; echo err >&2; exit 7], exit code 7'],
  ] as const) {
    const socket = await openWebSocket(c, `${path}/exec?${query(script, 'stdout=true&stderr=true')}`, protocol);
    const messages = await socket.messages;
    c.equal(socket.protocol, protocol, 'the protocol is the one that was asked for');
    const isText = protocol.includes('base64');
    const { 1: stdout, 2: stderr, 3: error = '' } = byChannel(messages, isText);
    c.equal([stdout, stderr], ['out\n', 'err\n'], `${protocol}: the outputs`);
    const status = {
      metadata: {},
      status: 'Failure',
      message: `command terminated with non-zero exit code: ${words}`,
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    };
    c.equal(JSON.parse(error), status, `${protocol}: the status`);
    c.equal(messages[0]?.length, 1, `${protocol}: an empty message comes first`);
  }
  const fine = await openWebSocket(c, `${path}/exec?${query(['true'], 'stdout=true')}`, 'v5.channel.k8s.io');
  c.equal(JSON.parse(byChannel(await fine.messages)['3'] ?? ''), success, 'the status of what went well');
}

async function input(c: CaseContext): Promise<void> {
  const { path } = await running(c);
  const streams = 'stdin=true&stdout=true';
  const echo = await openWebSocket(c, `${path}/exec?${query(['cat'], streams)}`, 'v5.channel.k8s.io');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (let i = 0; i < 40; i++) echo.send(Buffer.concat([Buffer.of(0), bytes]));
  echo.send(Buffer.of(255, 0));
  const messages = await echo.messages;
  const out = Buffer.concat(messages.filter(([channel]) => channel === 1).map((message) => message.subarray(1)));
  c.equal(out.toString('hex'), bytes.toString('hex').repeat(40), 'every byte comes back');
  c.equal(JSON.parse(byChannel(messages)['3'] ?? ''), success, 'the end of its input ends the program');
}

async function refusals(c: CaseContext): Promise<void> {
  const { path } = await running(c);
  const refused = async (tail: string, protocol = 'v5.channel.k8s.io'): Promise<unknown> => {
    const key = { 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'MTIzNDU2Nzg5MDEyMzQ1Ng==' };
    const { status, text } = await c.upgrade(`${path}/${tail}`, 'websocket', {
      ...key,
      'Sec-WebSocket-Protocol': protocol,
    });
    return [status, text.trim()];
  };
  const plain = async (tail: string, message: string): Promise<void> => {
    await c.get(`${path}/${tail}`, { status: 400, has: { reason: 'BadRequest', message } });
  };
  await plain(`exec?${query(['true'], 'stdout=true')}`, 'Upgrade request required');
  await plain('attach?container=c&stdout=true', 'Upgrade request required');
  await plain('portforward', 'Upgrade request required');
  await plain('exec?command=true', 'a container name must be specified for pod a, choose one of: [c ended]');
  await plain('exec?command=true&container=none', 'container none is not valid for pod a');
  c.equal(
    await refused(`exec?${query(['true'], 'stdout=true', 'ended')}`),
    [500, 'container not found ("ended")'],
    'a container that does not run',
  );
  const streams = 'you must specify at least 1 of stdin, stdout, stderr';
  c.equal(await refused('exec?container=c&command=true'), [400, streams], 'no streams at all');
  c.equal(await refused(`exec?${query(['true'], 'stdout=true')}`, 'v9.channel.k8s.io'), [403, ''], 'no known protocol');
  const unknown = await openWebSocket(
    c,
    `${path}/exec?${query(['no-such-program'], 'stdout=true')}`,
    'v4.channel.k8s.io',
  );
  const {
    status,
    reason,
    message = '',
  } = JSON.parse(byChannel(await unknown.messages)['3'] ?? '{}') as {
    readonly status?: string;
    readonly reason?: string;
    readonly message?: string;
  };
  c.equal([status, reason], ['Failure', 'InternalError'], 'a program that is not there');
  const words =
    /^Internal error occurred: error executing command in container: .*"no-such-program": executable file not found in \$PATH/;
  c.ok(words.test(message), `why: ${message}`);
}

async function logMessages(c: CaseContext): Promise<void> {
  const { path } = await running(c);
  for (const [protocol, encoding] of [
    ['binary.k8s.io', 'utf8'],
    ['base64.binary.k8s.io', 'base64'],
  ] as const) {
    const socket = await openWebSocket(c, `${path}/log?container=c`, protocol);
    const [first, ...rest] = await socket.messages;
    c.equal(first?.length, 0, `${protocol}: an empty message comes first`);
    const text = rest.map((message) => Buffer.from(message.toString(), encoding).toString()).join('');
    c.equal(text, 'hello\n', protocol);
  }
}

async function unreachable(c: CaseContext): Promise<void> {
  const { path } = await running(c);
  const proxied = path.replace(/a$/, '');
  const failed = async (tail: string, code: number, message: string | RegExp): Promise<void> => {
    await c.get(`${proxied}${tail}`, { status: code, has: { message } });
  };
  await failed('a:81/proxy/', 503, /^error trying to reach service: dial tcp .*:81: connect: connection refused$/);
  await failed('none/proxy/', 404, 'pods "none" not found');
  await failed('ftp:a:80/proxy/', 400, 'invalid pod request "ftp:a:80"');
  const services = `${proxied.replace(/pods\/$/, '')}services`;
  await c.post(
    services,
    { metadata: { name: 's' }, spec: { ports: [{ port: 80 }], selector: { none: 'such' } } },
    { unstable: true },
  );
  await c.eventually('it has endpoints, empty ones', async () => {
    const { text } = await c.get(`${services}/s/proxy/`, { status: [503, 404], unstable: true });
    return text.includes('no endpoints available for service \\"s\\"');
  });
  const message = 'no service port 81 found for service "s"';
  await c.get(`${services}/s:81/proxy/`, { status: 503, has: { message } });
}

export const nodeConnectionCases: readonly Case[] = [
  {
    id: 'nodes/exec/ends with the exit code of its program',
    proves: 'Pods should support remote command execution over websockets',
    needs: ['programs'],
    run: exitCodes,
  },
  { id: 'nodes/exec/takes input until its end', needs: ['programs'], run: input },
  { id: 'nodes/exec/is refused in words', needs: ['programs'], run: refusals },
  {
    id: 'nodes/logs/come as messages, too',
    proves: 'Pods should support retrieving logs from the container over websockets',
    needs: ['programs'],
    run: logMessages,
  },
  { id: 'nodes/proxy/says whom it does not reach', needs: ['programs'], run: unreachable },
];
