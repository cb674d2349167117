#!/usr/bin/env node
// Starts the program with the Node that the package brings, so that an older system Node will do.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const manyNodes = 100;

/** `--nodes N` or `--nodes=N`; 0 when nothing is said. */
function nodesAskedFor(args) {
  const at = args.findLastIndex((arg) => arg === '--nodes' || arg.startsWith('--nodes='));
  const text = args[at] === '--nodes' ? args[at + 1] : args[at]?.slice('--nodes='.length);
  return Number(text) || 0;
}

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, 'main.ts');
const [major, minor] = process.versions.node.split('.').map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 12);
// A young generation of 16 MiB halves costs 15 MiB of memory and wins little for few nodes: see docs/decisions/0003.
const flags = [`--max-semi-space-size=${nodesAskedFor(process.argv) > manyNodes ? 16 : 2}`];

function bundledNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

const launch = [...process.execArgv, ...flags, main, ...process.argv.slice(2)];
const env = {
  ...process.env,
  // One arena for all threads: what only few of them allocate at a time fragments less (2 MiB of an idle server).
  MALLOC_ARENA_MAX: process.env.MALLOC_ARENA_MAX ?? '1',
  NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(here, '..', 'node_modules', '.cache', 'kubefacade'),
};
const node = runsTypeScript ? process.execPath : bundledNode();
if (node === undefined) {
  process.stderr.write('kubefacade: needs Node 24.12 or newer; `npm ci` installs one beside it\n');
  process.exit(1);
}
if (typeof process.execve === 'function') {
  // The same process goes on under the flags: no second one that waits.
  process.execve(node, [node, ...launch], env);
}
const child = spawn(node, launch, { stdio: 'inherit', env });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => {
  if (signal !== null) process.kill(process.pid, signal);
  else process.exit(code ?? 1);
});
