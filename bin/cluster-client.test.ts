import t from 'tap';
import type { ApiClient } from '../api/client.ts';
import type { GroupVersionResource, KubeObject } from '../api/object.ts';
import type { ApiResponse, StreamSink } from '../server/http/message.ts';
import { createLocalConnection, type LocalRequest } from '../server/local-request.ts';
import { createClusterClient } from './cluster-client.ts';

const far: GroupVersionResource = { group: 'far.example.com', version: 'v1', resource: 'things' };
const near: GroupVersionResource = { group: '', version: 'v1', resource: 'pods' };
const encoder = new TextEncoder();

/** Answers as a proxy does: bodies come in pieces. */
function createCluster(answers: Readonly<Record<string, readonly [status: number, ...chunks: string[]]>>) {
  const asked: LocalRequest[] = [];
  const handle = async (request: LocalRequest): Promise<ApiResponse> => {
    asked.push(request);
    const [status, ...chunks] = answers[`${request.method} ${request.path}`] ?? [404, '404 page not found'];
    const stream = (sink: StreamSink): void => {
      for (const chunk of chunks) sink.write(encoder.encode(chunk));
      sink.end();
    };
    return { status, headers: {}, stream };
  };
  const local = { get: async () => ({ metadata: { name: 'near' } }) } as unknown as ApiClient;
  const connection = createLocalConnection(handle, { username: 'me', groups: [] });
  return { asked, client: createClusterClient(local, connection, ({ group }) => group === '') };
}

const things = '/apis/far.example.com/v1/namespaces/a/things';

t.test('what the process does not hold itself is asked for by path', async (t) => {
  const { asked, client } = createCluster({
    [`GET ${things}/x`]: [200, '{"metadata":', '{"name":"x"}}'],
    [`DELETE ${things}/x`]: [200, '{}'],
  });
  t.match(await client.get(near, 'a', 'any'), { metadata: { name: 'near' } });
  t.same(asked, []);
  t.match(await client.get(far, 'a', 'x'), { metadata: { name: 'x' } });
  await client.delete(far, 'a', 'x', { propagationPolicy: 'Background' });
  t.match(asked[1], { user: { username: 'me' }, headers: { 'content-type': 'application/json' } });
  t.match(new TextDecoder().decode(await asked[1]?.readBody(1000)), '"propagationPolicy":"Background"');
});

t.test('a silent server is not one without the object', async (t) => {
  const { client } = createCluster({ [`GET ${things}/x`]: [503, 'error trying to reach service: refused\n'] });
  await t.rejects(client.get(far, 'a', 'x'), { code: 503, reason: '' });
  await t.rejects(client.get(far, 'a', 'y'), { code: 404, reason: 'NotFound' });
});

t.test('watches are read line by line, however the pieces fall', async (t) => {
  const { client } = createCluster({
    [`GET ${things}`]: [
      200,
      '{"type":"ADDED","object":{"metadata":{"na',
      'me":"x"}}}\n{"type":"DELETED",',
      '"object":{}}\n',
    ],
  });
  const seen: string[] = [];
  for await (const { type } of client.watch<KubeObject>(far, { namespace: 'a' }, new AbortController().signal))
    seen.push(type);
  t.same(seen, ['ADDED', 'DELETED']);
});
