import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'tap';

const root = resolve(import.meta.dirname, '..');

/**
 * Folder -> what its files may import: other folders of ours, and packages (`node:*` for Node's own). The most specific folder
 * decides; a file in a folder that is not here fails.
 */
const rules: Readonly<Record<string, { readonly own: readonly string[]; readonly packages: readonly string[] }>> = {
  api: { own: ['api'], packages: ['yaml', '@bufbuild/protobuf', 're2js'] },
  // Types only.
  'api/streams': { own: ['api'], packages: ['node:stream'] },
  'api/spec': { own: ['api'], packages: ['node:', 'yaml', '@kubernetes/client-node', 'openapi-typescript'] },
  server: { own: ['api', 'server'], packages: ['node:'] },
  'server/storage': {
    own: ['api', 'server/storage'],
    packages: ['node:', 'level', 'classic-level', 'memory-level', 'abstract-level'],
  },
  'server/watch': { own: ['api', 'server/storage', 'server/watch'], packages: [] },
  'server/registry': { own: ['api', 'server/storage', 'server/watch', 'server/registry'], packages: [] },
  'server/resources': {
    own: ['api', 'server/registry/strategy.ts', 'server/registry/conversion.ts', 'server/resources'],
    packages: ['node:', '@peculiar/x509'],
  },
  'server/admission': {
    own: ['api', 'server/registry/strategy.ts', 'server/admission', 'server/resources'],
    packages: [],
  },
  'server/flow-control': {
    own: [
      'api',
      'server/registry/strategy.ts',
      'server/resources/flowcontrol',
      'server/bootstrap/flow-control.ts',
      'server/flow-control',
    ],
    packages: ['node:'],
  },
  'server/admission/webhook': {
    own: ['api', 'server/registry/strategy.ts', 'server/admission', 'server/webhook'],
    packages: ['node:'],
  },
  'server/webhook': {
    own: ['api', 'server/webhook', 'server/service-resolver.ts', 'server/network-error.ts', 'server/dial.ts'],
    packages: ['node:'],
  },
  'server/auth': { own: ['api', 'server/registry/strategy.ts', 'server/auth'], packages: ['node:', 'jose'] },
  'server/tls': { own: ['api', 'server/tls'], packages: ['node:', '@peculiar/x509', 'yaml'] },
  'server/bootstrap': {
    own: [
      'api',
      'server/registry/strategy.ts',
      'server/registry/resource.ts',
      'server/registry/field-management.ts',
      'server/resources',
      'server/bootstrap',
    ],
    packages: ['node:'],
  },
  'server/nodes': { own: ['api', 'server'], packages: ['node:', 'ws'] },
  'server/http': {
    own: ['api', 'server'],
    packages: ['node:', 'express', 'ws', 'yaml', 'prom-client', '@bufbuild/protobuf'],
  },
  runtime: { own: ['api', 'runtime'], packages: [] },
  // Byte streams and HTTP over them are Node's.
  'runtime/network': {
    own: ['api', 'runtime/network', 'runtime/client', 'runtime/dns', 'runtime/files'],
    packages: ['node:stream', 'node:http', 'node:tls'],
  },
  'runtime/proxy': { own: ['api', 'runtime'], packages: ['node:http', 'node:crypto'] },
  'runtime/processes': { own: ['api', 'runtime'], packages: ['node:stream'] },
  'runtime/files': { own: ['runtime/files'], packages: [] },
  'runtime/kubelet/probes': {
    own: ['api', 'runtime'],
    packages: ['node:stream', 'node:http', 'node:http2', 'node:tls', '@bufbuild/protobuf/wire'],
  },
  'runtime/kubelet': { own: ['api', 'runtime'], packages: ['node:stream', 'node:http', 'node:http2', 'node:tls'] },
  'runtime/simulated': { own: ['api', 'runtime'], packages: ['node:', 'ws'] },
  'runtime/shell': {
    own: ['api', 'runtime'],
    packages: ['node:stream', 'node:http', 'node:tls', 'node:zlib', 'node:crypto', 're2js'],
  },
  'runtime/dns': { own: ['api', 'runtime'], packages: ['node:stream', 'node:http', 'dns-packet'] },
  'runtime/ingress': { own: ['api', 'runtime'], packages: ['node:stream', 'node:http', 'node:https', 'node:tls'] },
  'runtime/transport': { own: ['api', 'runtime/transport'], packages: ['node:', '@kubernetes/client-node'] },
  bin: { own: ['api', 'server', 'runtime', 'bin'], packages: ['node:', 'pino', 'prom-client'] },
  conformance: { own: ['api', 'conformance'], packages: ['node:', 'yaml', '@kubernetes/client-node'] },
  // What the reference's programs are, and where.
  perf: { own: ['perf', 'conformance/reference'], packages: ['node:', 'yaml'] },
  tools: { own: ['tools', 'api'], packages: ['node:', 'openapi-typescript'] },
};

const skipped = new Set(['node_modules', 'generated', 'scenarios', '.tap']);
const importForm =
  /(?:^|[\s;])(?:import|export)\s+(?:type\s+)?(?:[\w*{}\s,$]+\s+from\s+)?['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    if (skipped.has(entry.name)) return [];
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function ruleFor(file: string) {
  for (let folder = dirname(file); folder !== '.'; folder = dirname(folder))
    if (rules[folder] !== undefined) return rules[folder];
  return undefined;
}

function importsOf(file: string): string[] {
  return [...readFileSync(join(root, file), 'utf8').matchAll(importForm)].map(
    ([, from, dynamic]) => from ?? dynamic ?? '',
  );
}

function isAllowed(file: string, specifier: string): boolean {
  const rule = ruleFor(file);
  if (rule === undefined) return false;
  if (!specifier.startsWith('.'))
    return rule.packages.some(
      (name) => specifier === name || specifier.startsWith(name.endsWith(':') ? name : `${name}/`),
    );
  const target = relative(root, resolve(root, dirname(file), specifier));
  return rule.own.some((own) => target === own || target.startsWith(`${own}/`));
}

test('files import only what their folder may see', async (t) => {
  const files = ['api', 'server', 'runtime', 'bin', 'conformance', 'perf', 'tools'].flatMap(sources);
  t.ok(files.length > 100, `saw ${files.length} files: too few means that the walk is broken`);
  for (const file of files) {
    // Tests may use Node, the test tools, and what they test with.
    if (/\.(test|contract|conformance)\.ts$/.test(file)) continue;
    const bad = importsOf(file).filter((specifier) => !isAllowed(file, specifier));
    t.same(bad, [], `${file} stays within its bounds`);
  }
});

test('every form of import is seen', async (t) => {
  const text = `import a from './a.ts';\nimport type { B } from "./b.ts";\nexport * from './c.ts';\nexport type { D } from './d.ts';\nimport './e.ts';\nconst f = await import('./f.ts');\nimport {\n  g,\n} from './g.ts';`;
  const found = [...text.matchAll(importForm)].map(([, from, dynamic]) => from ?? dynamic);
  t.same(found, ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts']);
});
