#!/usr/bin/env node
// Starts the program with the Node that the package brings, so that an older system Node will do.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const main = join(here, 'main.ts');
const [major, minor] = process.versions.node.split('.').map(Number);
const runsTypeScript = major > 24 || (major === 24 && minor >= 12);

function bundledNode() {
  try {
    const path = join(dirname(createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

if (runsTypeScript) {
  await import('./main.ts');
} else {
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write('kubefacade: needs Node 24.12 or newer; `npm ci` installs one beside it\n');
    process.exit(1);
  }
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal !== null) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}
