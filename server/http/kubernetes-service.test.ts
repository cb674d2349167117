import t from 'tap';
import { startTestServer } from './test-server.ts';

const admin = { authorization: 'Bearer admin' };
const service = '/api/v1/namespaces/default/services/kubernetes';
const address = '/apis/networking.k8s.io/v1/ipaddresses/10.96.0.1';

async function until(check: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200 && !(await check()); tries++) await new Promise((resolve) => setTimeout(resolve, 5));
}

t.test('the Service kubernetes comes back within ten seconds, once its address is free', async (t) => {
  await using server = await startTestServer();
  const ask = async (method: string, url: string, body?: unknown) => server.ask(method, url, body, admin);
  const isThere = async (): Promise<boolean> => (await ask('GET', service)).status === 200;
  const { body: before } = await ask('GET', service);
  t.equal((await ask('DELETE', service)).status, 200);
  t.equal((await ask('GET', address)).status, 404, 'its address is free');
  const spec = { clusterIP: '10.96.0.1', ports: [{ port: 80 }] };
  const other = '/api/v1/namespaces/default/services/other';
  t.equal(
    (await ask('POST', '/api/v1/namespaces/default/services', { metadata: { name: 'other' }, spec })).status,
    201,
  );
  server.clock.advance(10_000);
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.notOk(await isThere(), 'another Service holds the address');
  t.equal((await ask('DELETE', other)).status, 200);
  server.clock.advance(10_000);
  await until(isThere);
  const { body: after } = await ask('GET', service);
  t.strictSame(after['spec'], before['spec']);
  t.not((after['metadata'] as { uid: string }).uid, (before['metadata'] as { uid: string }).uid);
  t.match((await ask('GET', address)).body, { spec: { parentRef: { name: 'kubernetes' } } });
});
