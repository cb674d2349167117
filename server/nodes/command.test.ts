import { once } from 'node:events';
import t from 'tap';
import { WebSocket } from 'ws';
import { type NodeFixture, startNodeFixture } from './test-node.ts';

const pods = '/api/v1/namespaces/default/pods';
const headers = { authorization: 'Bearer admin' };

interface Talk {
  readonly socket: WebSocket;
  readonly protocol: string;
  /** `1 text`, as they came; base64 is decoded. */
  readonly messages: string[];
  readonly closed: Promise<number>;
}

/** Messages of one channel are joined: how output is cut says nothing. */
function joined(messages: readonly string[]): string[] {
  const byChannel = new Map<string, string>();
  for (const message of messages)
    byChannel.set(message.charAt(0), (byChannel.get(message.charAt(0)) ?? '') + message.slice(2));
  return [...byChannel].toSorted().map(([channel, text]) => `${channel} ${text}`);
}

async function talk({ port }: NodeFixture, path: string, protocol: string): Promise<Talk> {
  const protocols = protocol === '' ? [] : [protocol];
  const socket = new WebSocket(`ws://127.0.0.1:${port}${pods}/${path}`, protocols, { headers });
  const messages: string[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const text = data.toString('latin1');
    messages.push(
      isBinary
        ? `${data[0]} ${text.slice(1)}`
        : `${text.charAt(0)} ${Buffer.from(text.slice(1), 'base64').toString('latin1')}`,
    );
  });
  const closed = once(socket, 'close').then(([code]) => code as number);
  await once(socket, 'open');
  return { socket, protocol: socket.protocol, messages, closed };
}

/** Status and text of an upgrade that is refused. */
async function refused({ port }: NodeFixture, path: string, protocol: string): Promise<string> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${pods}/${path}`, [protocol], { headers });
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    AsyncIterable<Buffer> & { statusCode: number },
  ];
  let text = '';
  for await (const chunk of response) text += chunk.toString();
  socket.terminate();
  return `${response.statusCode} ${text.startsWith('{') ? (JSON.parse(text) as { message: string }).message : text}`;
}

const success = '{"metadata":{},"status":"Success"}';

t.test('a command ends with its status, worded as each protocol has it', async (t) => {
  await using fixture = await startNodeFixture();
  const exit = 'p/exec?command=exit&command=7&stdout=1';
  const failure = (words: string) =>
    `{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: ${words}","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}`;
  const v4 = failure('error executing command [exit 7], exit code 7');
  for (const [protocol, status] of [
    ['v5.channel.k8s.io', failure('command terminated with exit code 7')],
    ['v4.channel.k8s.io', v4],
    ['v4.base64.channel.k8s.io', v4],
    ['channel.k8s.io', 'command terminated with non-zero exit code: error executing command [exit 7], exit code 7'],
    [
      'base64.channel.k8s.io',
      'command terminated with non-zero exit code: error executing command [exit 7], exit code 7',
    ],
    ['', 'command terminated with non-zero exit code: error executing command [exit 7], exit code 7'],
  ] as const) {
    const { messages, closed, protocol: chosen } = await talk(fixture, exit, protocol);
    t.equal(await closed, 1000);
    t.equal(chosen, protocol);
    t.same(messages, ['1 ', `3 ${status}`], protocol);
  }
  const { messages, closed } = await talk(
    fixture,
    'p/exec?command=say&command=a&stdout=1&stderr=1',
    'v4.channel.k8s.io',
  );
  await closed;
  t.same(joined(messages), ['1 a\n', '2 and this\n', `3 ${success}`]);
  const quiet = await talk(fixture, 'p/exec?command=say&command=a&stderr=1&tty=1&stdout=1', 'v4.channel.k8s.io');
  await quiet.closed;
  t.same(joined(quiet.messages), ['1 a\n', `3 ${success}`], 'a terminal has no stderr of its own');
});

t.test('a program that cannot start is told of on the error channel, and twice wrapped in v5', async (t) => {
  await using fixture = await startNodeFixture();
  const why = 'error executing command in container: exec: \\"none\\": executable file not found in $PATH';
  const v4 = await talk(fixture, 'p/exec?command=none&stdout=1', 'v4.channel.k8s.io');
  await v4.closed;
  t.same(v4.messages, [
    '1 ',
    `3 {"metadata":{},"status":"Failure","message":"Internal error occurred: ${why}","reason":"InternalError","code":500}`,
  ]);
  const v5 = await talk(fixture, 'p/exec?command=none&stdout=1', 'v5.channel.k8s.io');
  await v5.closed;
  t.match(
    v5.messages[1],
    `"message":"Internal error occurred: Internal error occurred: ${why}","reason":"InternalError"`,
  );
});

t.test('stdin ends by the close signal of v5, and every byte comes through', async (t) => {
  await using fixture = await startNodeFixture();
  const { socket, messages, closed } = await talk(fixture, 'p/exec?command=cat&stdin=1&stdout=1', 'v5.channel.k8s.io');
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  for (let i = 0; i < 300; i++) socket.send(Buffer.concat([Buffer.of(0), bytes, bytes, bytes, bytes]));
  socket.send(Buffer.of(255, 0));
  t.equal(await closed, 1000);
  const [out, status] = joined(messages);
  t.equal(out, `1 ${bytes.toString('latin1').repeat(1200)}`);
  t.equal(status, `3 ${success}`);
  const attached = await talk(fixture, 'p/attach?stdin=1&stdout=1', 'v5.channel.k8s.io');
  attached.socket.send(Buffer.of(0, 65));
  attached.socket.send(Buffer.of(255, 0));
  await attached.closed;
  t.same(joined(attached.messages), ['1 A', `3 ${success}`]);
});

t.test('a terminal hears of its window, however the sizes are cut', async (t) => {
  await using fixture = await startNodeFixture();
  const { socket, closed } = await talk(fixture, 'p/exec?command=window&stdin=1&stdout=1&tty=1', 'v5.channel.k8s.io');
  for (const text of ['{"Width":80,"Hei', 'ght":24}\n{"Width":100,"Height":50}'])
    socket.send(Buffer.concat([Buffer.of(4), Buffer.from(text)]));
  socket.send(Buffer.of(255, 0));
  await closed;
  t.same(fixture.seen.sizes, ['80x24', '100x50']);
});

t.test('what a kubelet refuses comes before the upgrade, as plain text', async (t) => {
  await using fixture = await startNodeFixture();
  const v5 = 'v5.channel.k8s.io';
  t.equal(
    await refused(fixture, 'two/exec?container=dead&command=cat&stdout=1', v5),
    '500 container not found ("dead")\n',
  );
  t.equal(
    await refused(fixture, 'p/exec?command=cat', v5),
    '400 you must specify at least 1 of stdin, stdout, stderr\n',
  );
  t.equal(await refused(fixture, 'p/exec?command=cat&stdout=1', 'v9.channel.k8s.io'), '403 ');
  for (const [path, message] of [
    ['two/exec', 'a container name must be specified for pod two, choose one of: [main dead]'],
    ['p/exec?container=x', 'container x is not valid for pod p'],
    ['unbound/exec', 'pod unbound does not have a host assigned'],
    ['p/exec?stdout=1&command=cat', 'Upgrade request required'],
    ['p/attach?stdout=1', 'Upgrade request required'],
    ['p/portforward?ports=80', 'Upgrade request required'],
  ]) {
    const { status, body } = await fixture.server.ask('POST', `${pods}/${path}`);
    t.same([status, body['message']], [400, message]);
  }
});

t.test('a slow reader holds the program back, and one that goes ends it', async (t) => {
  await using fixture = await startNodeFixture();
  const { seen } = fixture;
  const { socket, closed } = await talk(fixture, 'p/exec?command=flood&stdout=1', 'v5.channel.k8s.io');
  socket.pause();
  const settled = async (): Promise<number> => {
    let before = -1;
    while (before !== seen.written) {
      before = seen.written;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return before;
  };
  const held = await settled();
  t.ok(held < 24 * 1024 * 1024, `${held} bytes are on the way`);
  socket.resume();
  await new Promise((resolve) => setTimeout(resolve, 100));
  t.ok(seen.written > held, 'it goes on');
  socket.terminate();
  await closed;
  await settled();
  t.equal(seen.aborted, 1);
});
