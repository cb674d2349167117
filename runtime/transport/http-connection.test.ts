import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { selfSigned } from '../../bin/component-server.ts';
import { HttpConnection } from './http-connection.ts';

// Far from what a busy machine adds to an answer.
const limits = { callMs: 1000, streamMs: 1500 };
const signal = new AbortController().signal;

async function connectedTo(t: Test, listener: RequestListener): Promise<HttpConnection> {
  const server = createServer(selfSigned('server', '127.0.0.1'), listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const access = {
    server: `https://127.0.0.1:${port}`,
    tls: { rejectUnauthorized: false },
    headers: async () => ({}),
  };
  const connection = new HttpConnection(access, limits);
  t.teardown(() => {
    connection[Symbol.dispose]();
    server.closeAllConnections();
    server.close();
  });
  return connection;
}

await t.test('a call that is never answered fails, and the next one gets its answer', async (t) => {
  let count = 0;
  const connection = await connectedTo(t, (_request, response) => {
    if (count++ > 0) response.end('fine');
  });
  await t.rejects(connection.call({ method: 'GET', path: '/' }), { code: 'ETIMEDOUT' });
  t.equal(await connection.call({ method: 'GET', path: '/' }), 'fine');
});

await t.test('an answer that stops in its middle fails', async (t) => {
  const connection = await connectedTo(t, (_request, response) => void response.write('{"kind":'));
  await t.rejects(connection.call({ method: 'GET', path: '/' }), { code: 'ECONNRESET' });
});

await t.test('a stream that falls silent ends, so that its reader resumes', async (t) => {
  const connection = await connectedTo(t, (_request, response) => {
    response.write('one\n');
    setTimeout(() => response.write('two\n'), 900);
    setTimeout(() => response.write('three\n'), 1800);
  });
  const lines: string[] = [];
  for await (const line of connection.lines('/', signal)) lines.push(line);
  t.same(lines, ['one', 'two', 'three']);
});
