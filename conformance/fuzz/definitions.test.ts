import t from 'tap';
import { startServer } from '../clients/server.ts';
import { connectByKubeconfig } from '../tables-runner/connection.ts';
import { createRandom } from './random.ts';
import { randomSchema, valueFor } from './schemas.ts';
import type { Json } from './shapes.ts';

const seed = 36;
const count = Number(process.env['FUZZ_DEFINITIONS'] ?? 250);
/** One request may compile and run many rules, on a machine that does other things too. */
const slowMs = 10_000;

const group = 'random.example.com';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

t.test(
  'random schemas, expressions and objects are stored or refused, and never harm the server',
  { timeout: 900_000 },
  async (t) => {
    await using server = await startServer();
    using connection = connectByKubeconfig(server.kubeconfig);
    const seen = new Map<string, number>();
    const send = async (what: string, method: string, path: string, body?: unknown) => {
      const begin = performance.now();
      const text = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await connection.send({ method, path, headers: { 'Content-Type': 'application/json' }, ...text });
      const key = `${what} ${answer.status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      const took = performance.now() - begin;
      if (took > slowMs) t.fail(`${what} took ${took.toFixed(0)} ms: ${JSON.stringify(body)}`);
      if (answer.status >= 500) t.fail(`${what}: ${answer.status} ${answer.text}\n${JSON.stringify(body)}`);
      return answer;
    };
    for (let i = 0; i < count; i += 1) {
      const random = createRandom(seed * 100_003 + i);
      const schema = randomSchema(random);
      const plural = `r${i}s`;
      const definition = {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: `${plural}.${group}` },
        spec: {
          group,
          scope: 'Namespaced',
          names: { plural, singular: `r${i}`, kind: `R${i}`, listKind: `R${i}List` },
          versions: [
            {
              name: 'v1',
              served: true,
              storage: true,
              schema: { openAPIV3Schema: { type: 'object', properties: { spec: schema } } },
            },
          ],
        },
      };
      const created = await send('definition', 'POST', definitions, definition);
      if (created.status !== 201) continue;
      const path = `/apis/${group}/v1/namespaces/default/${plural}`;
      while ((await connection.send({ method: 'GET', path, headers: {} })).status === 404)
        await new Promise(setImmediate);
      const object = (name: string) => ({
        apiVersion: `${group}/v1`,
        kind: `R${i}`,
        metadata: { name },
        spec: valueFor(random, schema),
      });
      for (const name of ['a', 'b', 'c']) {
        const made = await send('object', 'POST', path, object(name));
        if (made.status !== 201) continue;
        const { metadata } = JSON.parse(made.text) as { metadata: Json };
        await send('update', 'PUT', `${path}/${name}`, { ...object(name), metadata });
      }
      await send('removal', 'DELETE', `${definitions}/${plural}.${group}`);
    }
    t.comment(Object.fromEntries(seen));
    t.ok((seen.get('definition 201') ?? 0) > count / 20, 'some schemas were fine');
    t.ok((seen.get('definition 422') ?? 0) > count / 20, 'some were not');
    t.ok((seen.get('object 201') ?? 0) > 0, 'some objects were stored');
    t.equal((await connection.send({ method: 'GET', path: '/readyz', headers: {} })).status, 200);
  },
);
