import { readFileSync } from 'node:fs';
import { test } from 'tap';
import { createImageCatalog } from '../../image-catalog.ts';
import { parseReference } from '../reference.ts';
import { clock, createRuntime, exec, get, run, until } from '../test-image.ts';
import { TableError } from './fields.ts';
import { ImageTable, programsAnnotation } from './image-table.ts';
import { readTable } from './read-table.ts';

const table = `
images:
- image: ["registry.example.com/shop/*", "shop"]
  command: "*worker*"
  run: {for: 10ms, exitCodes: [3, 0], message: done}
  logs: [{text: "attempt {{n}}"}]
- image: shop
  http:
  - {port: 8080, path: /healthz, status: 503, until: 60ms}
  - {port: 8080, path: "/h*", body: well, headers: {x-a: b}}
  logs: [{text: "tick {{n}}", every: 10ms, until: 35ms, stream: stderr}]
  programs: [{path: check, stdout: "ill\\n", exitCode: 1, until: 60ms}, {path: check, stdout: "well\\n"}]
  resources: {cpu: 500m, memory: 64Mi}
  onTerminate: {exitCode: 7}
  files: {/etc/shop: open}
- image: gone/*
  pull: {error: no such image}
- image: ["registry.example.com/own/*", "hidden"]
  pull: {users: {alice: a:b}}
`;

function tabled() {
  const images = new ImageTable();
  images.set('file', readTable(table, 'table'));
  return createImageCatalog({ table: images });
}

test('a described image ends, answers and logs as it is told', async (t) => {
  const runtime = createRuntime(tabled());
  const worker = { runtime, command: ['run', 'worker'] };
  const first = await run('registry.example.com/shop/app:1', [], worker);
  t.match(await first.container.exited, { exitCode: 3 });
  t.equal(first.stdout(), 'attempt 1\n');
  t.equal(first.container.readFile('/dev/termination-log'), 'done');
  const second = await run('registry.example.com/shop/app:1', [], { ...worker, attempt: 5 });
  t.match(await second.container.exited, { exitCode: 0 });
  const shop = await run('shop', [], { runtime });
  t.equal((await get(shop.network, 8080, '/healthz')).status, 503);
  t.match(await exec(shop, ['check']), { code: 1, output: 'ill\n' });
  await new Promise((resolve) => setTimeout(resolve, 70));
  t.match(await get(shop.network, 8080, '/healthz'), { status: 200, body: 'well', headers: { 'x-a': 'b' } });
  t.match(await exec(shop, ['check']), { code: 0, output: 'well\n' });
  t.match(await exec(shop, ['cat', '/etc/shop']), { code: 0, output: 'open' });
  t.equal((await get(shop.network, 8080, '/other')).status, 404);
  t.equal(shop.stderr(), 'tick 1\ntick 2\ntick 3\ntick 4\n');
  t.ok(shop.container.usage().memoryBytes >= 64 * 2 ** 20);
  t.ok(shop.container.usage().cpuNanoseconds > 30_000_000);
  shop.container.stop(1000);
  t.match(await shop.container.exited, { exitCode: 7 });
});

test('a pod may bring its own description', async (t) => {
  const annotations = { [programsAnnotation]: '[{container: main, http: [{port: 80, body: mine}]}]' };
  const one = await run('nginx', [], { annotations });
  t.equal((await get(one.network, 80, '/')).body, 'mine');
  one.stop();
});

test('a private image is pulled by those who may, and found by them alone', async (t) => {
  const runtime = createRuntime(tabled());
  const { images } = runtime;
  const pull = (image: string, registry: string, user = 'alice') =>
    images.pull('node-0', image, { spec: { containers: [{ name: 'main', image }] } }, [
      { registry, user, password: 'a:b' },
    ]);
  const name = 'registry.example.com/own/app:latest';
  const denied = {
    message: `rpc error: code = Unknown desc = failed to pull and unpack image "${name}": failed to resolve reference "${name}": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
  };
  const image = 'registry.example.com/own/app';
  await t.rejects(pull(image, 'registry.example.com', 'bob'), denied);
  await t.rejects(pull(image, 'example.com'), denied, 'of another registry');
  await t.rejects(pull(image, 'registry.example.com/other'), denied, 'of another place there');
  for (const registry of ['https://registry.example.com/v2/', '*.example.com', 'registry.example.com/own'])
    t.match(await pull(image, registry), { name }, registry);
  t.match(await pull('hidden', 'https://index.docker.io/v1/'), { name: 'docker.io/library/hidden:latest' });
  t.equal(images.find('node-0', image), undefined);
  t.equal(images.find('node-0', image, [{ registry: '', user: 'bob', password: 'a:b' }]), undefined);
  t.ok(images.find('node-0', image, [{ registry: 'registry.example.com', user: 'alice', password: 'a:b' }]));
});

test('images that are not there cannot be pulled, and say why', async (t) => {
  const runtime = createRuntime(tabled());
  const pull = (image: string) =>
    runtime.images.pull('node-0', image, { spec: { containers: [{ name: 'main', image }] } });
  await t.rejects(pull('gone/app'), { message: 'no such image' });
  await t.rejects(pull('webserver:404'), {
    message:
      'rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/library/webserver:404": failed to resolve reference "docker.io/library/webserver:404": docker.io/library/webserver:404: not found',
  });
  await t.rejects(pull('invalid.registry.k8s.io/invalid/alpine:3.1'), { message: /no such host$/ });
  await t.rejects(pull('Foo_Bar'), { message: /^couldn't parse image name "Foo_Bar"/ });
  t.match(await pull('busybox'), { name: 'docker.io/library/busybox:latest' });
  const strict = createRuntime(createImageCatalog({ isStrict: true }));
  await t.rejects(strict.images.pull('node-0', 'example.com/any', {}), { message: /not found$/ });
  t.match(await strict.images.pull('node-0', 'example.com/nginx', {}), { name: 'example.com/nginx:latest' });
});

test('an image that nobody knows stays up and answers where it is asked', async (t) => {
  const given = createImageCatalog({ programs: { 'mine/*': () => 4 } });
  const mine = await run('mine/app', ['x'], { runtime: createRuntime(given) });
  t.match(await mine.container.exited, { exitCode: 4 });
  const one = await run('example.com/any', []);
  const began = clock.now();
  one.container.stop(30_000);
  t.match(await one.container.exited, { exitCode: 0 });
  t.ok(clock.now() - began < 5000);
});

test('a script may run what nobody knows, and others may run it beside', async (t) => {
  const one = await run('example.com/any', [], { command: ['sh', '-c', 'serve --now; echo over'] });
  await until(() => one.stdout().includes('stays up'));
  t.equal(one.stdout(), 'simulated image example.com/any: stays up\n');
  t.match(await exec(one, ['healthcheck']), { code: 0, output: '' });
  t.match(await exec(one, ['sh', '-c', 'healthcheck && echo well']), { code: 0, output: 'well\n' });
  one.stop();
});

test('an image that nobody knows ends where somebody waits for it', async (t) => {
  const one = await run('example.com/migrate', [], { owner: 'Job' });
  t.match(await one.container.exited, { exitCode: 0 });
  t.equal(one.stdout(), 'simulated image example.com/migrate: ends well\n');
});

test('names of images are read as registries read them', (t) => {
  const name = (text: string): string => {
    const reference = parseReference(text);
    return typeof reference === 'string' ? reference : reference.name;
  };
  t.equal(name('busybox'), 'docker.io/library/busybox:latest');
  t.equal(name('a/b:1'), 'docker.io/a/b:1');
  t.equal(name('localhost:5000/a/b'), 'localhost:5000/a/b:latest');
  t.equal(name('registry.k8s.io/pause:3.10'), 'registry.k8s.io/pause:3.10');
  t.equal(name('a/B'), 'invalid reference format: repository name (a/B) must be lowercase');
  t.equal(name('a b'), 'invalid reference format');
  t.end();
});

test('a table that is wrong says where', (t) => {
  const wrong = (text: string): string => {
    try {
      readTable(text, 'table');
    } catch (error) {
      if (error instanceof TableError) return error.message;
    }
    return '';
  };
  t.equal(wrong('images: [{imagee: x}]'), 'table.images[0]: unknown field "imagee"');
  t.equal(wrong('images: [{run: {for: soon}}]'), 'table.images[0].run.for: must be a duration such as 10s');
  t.equal(wrong('[{http: [{port: 0}]}]'), 'table.images[0].http[0].port: must be between 1 and 65535');
  t.equal(wrong('[{logs: [{}]}]'), 'table.images[0].logs[0].text: is required');
  t.equal(wrong('3'), 'table: must be an object');
  t.end();
});

test('the tables of the manual can be read', (t) => {
  const manual = readFileSync(new URL('../../../../docs/images.md', import.meta.url), 'utf8');
  const tables = [...manual.matchAll(/```yaml\n(images:[\s\S]*?)```/g)].map(([, text = '']) => text);
  t.ok(tables.length > 0);
  for (const text of tables) t.ok(readTable(text, 'manual').length > 0);
  t.end();
});
