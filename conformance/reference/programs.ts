import { execFile, spawn } from 'node:child_process';
import { access, constants, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A mistake on the command line, or something that the user has to install: one line on stderr, no stack. */
export class UsageError extends Error {}

export const kubernetesVersion = 'v1.36.3';
const kwokModule = 'sigs.k8s.io/kwok';
const kwokVersion = 'v0.8.0';

type Recipe =
  /** A package that a go.mod of ours pins: `folder` holds it. */
  | { readonly how: 'build' | 'test'; readonly folder: string; readonly package: string }
  /** A package that pins its own dependencies. */
  | { readonly how: 'install'; readonly package: string };

const kubernetes = (command: string): Recipe => ({
  how: 'build',
  folder: '.',
  package: `k8s.io/kubernetes/cmd/${command}`,
});

const recipes = {
  'kube-apiserver': kubernetes('kube-apiserver'),
  etcd: { how: 'build', folder: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  'kube-controller-manager': kubernetes('kube-controller-manager'),
  'kube-scheduler': kubernetes('kube-scheduler'),
  kubectl: kubernetes('kubectl'),
  'e2e.test': { how: 'test', folder: '.', package: 'k8s.io/kubernetes/test/e2e' },
  kwok: { how: 'install', package: `${kwokModule}/cmd/kwok@${kwokVersion}` },
  k6: { how: 'install', package: 'go.k6.io/k6@v1.8.1' },
} as const satisfies Readonly<Record<string, Recipe>>;

export type ProgramName = keyof typeof recipes;
export const programNames = Object.keys(recipes).filter(isProgramName);

export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(recipes, name);
}

/** `$KUBEFACADE_CACHE`, or a folder of ours in the user's cache. */
export function cacheFolder(): string {
  const named = process.env['KUBEFACADE_CACHE'];
  if (named !== undefined && named !== '') return named;
  const cache =
    process.platform === 'darwin'
      ? join(homedir(), 'Library', 'Caches')
      : (process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'));
  return join(cache, 'kubefacade', 'reference');
}

export const programPath = (name: ProgramName): string => join(cacheFolder(), 'bin', name);
// The number goes up with each change of what is made of kwok's own.
const stagesPath = (): string => join(cacheFolder(), 'stages-2.yaml');

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Builds what is not in the cache yet; says what it does on stderr. All of it takes about 8 minutes on two processors, once. */
export async function ensurePrograms(names: readonly ProgramName[]): Promise<void> {
  const missing: ProgramName[] = [];
  for (const name of names) if (!(await isExecutable(programPath(name)))) missing.push(name);
  if (missing.length === 0) return;
  await requireGo(missing);
  await mkdir(join(cacheFolder(), 'bin'), { recursive: true });
  for (const name of missing) {
    process.stderr.write(`building ${name}\n`);
    const begin = performance.now();
    await build(name, recipes[name]);
    process.stderr.write(`built ${name} in ${((performance.now() - begin) / 1000).toFixed(0)} s\n`);
  }
}

async function requireGo(missing: readonly string[]): Promise<void> {
  const wanted = `${missing.join(', ')} must be built first`;
  try {
    await run('go', ['version']);
  } catch (error) {
    const text =
      `${wanted}, and that needs Go 1.26 or newer: there is no "go" in PATH (https://go.dev/dl). ` +
      `Programs that you have already (Kubernetes ${kubernetesVersion}) can be put into ${join(cacheFolder(), 'bin')}.`;
    throw new UsageError(text, { cause: error });
  }
}

async function build(name: ProgramName, recipe: Recipe): Promise<void> {
  // Built elsewhere and renamed, so that nobody starts half a program.
  const work = join(cacheFolder(), `build-${process.pid}`);
  await mkdir(work, { recursive: true });
  try {
    const flags = ['-trimpath', '-ldflags', linkerFlags()];
    if (recipe.how === 'install') {
      await go(['install', ...flags, recipe.package], import.meta.dirname, { GOBIN: work });
    } else {
      const verb = recipe.how === 'test' ? ['test', '-c'] : ['build'];
      const folder = join(import.meta.dirname, recipe.folder);
      await go([...verb, '-mod=readonly', ...flags, '-o', join(work, name), recipe.package], folder, {});
    }
    await rename(join(work, name), programPath(name));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Kubernetes' programs tell the version that the linker gave them; others ignore it. */
function linkerFlags(): string {
  const [major = '', minor = ''] = kubernetesVersion.slice(1).split('.');
  const values = { gitVersion: kubernetesVersion, gitMajor: major, gitMinor: minor };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const settings = packages.flatMap((each) =>
    Object.entries(values).map(([key, value]) => `-X ${each}.${key}=${value}`),
  );
  return ['-s', '-w', ...settings].join(' ');
}

async function go(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<void> {
  const child = spawn('go', args, {
    cwd,
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off', ...env },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  if (code !== 0) throw new UsageError(`go ${args[0]} ended with ${code ?? 'a signal'}`);
}

/** Pods of these never become ready: upstream's tests expect of it that there is no such image. */
const missingImages = ['webserver:404'] as const;

function withoutMissingImages(stages: string): string {
  const values = missingImages.map((image) => `      - '${image}'\n`).join('');
  const requirement = `    - key: '.spec.containers.[].image'\n      operator: 'NotIn'\n      values:\n${values}`;
  return stages.replace(/(name: pod-ready\n.*?\n)( {2}next:\n)/s, `$1${requirement}$2`);
}

/** Kwok's own stages for nodes and pods that become ready at once, as one file; read from its module, once. */
export async function ensureStages(): Promise<string> {
  const path = stagesPath();
  if (
    await access(path).then(
      () => true,
      () => false,
    )
  )
    return path;
  await requireGo(["kwok's stages"]);
  const { stdout } = await run('go', ['mod', 'download', '-json', `${kwokModule}@${kwokVersion}`], {
    cwd: import.meta.dirname,
  });
  const folder = /"Dir": "(.*)"/.exec(stdout)?.[1];
  if (folder === undefined) throw new Error(`go mod download does not tell where ${kwokModule} is: ${stdout}`);
  const texts: string[] = [];
  for (const stage of ['pod/fast', 'node/fast', 'node/heartbeat-with-lease']) {
    const from = join(folder, 'kustomize', 'stage', stage);
    const files = (await readdir(from)).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml');
    for (const file of files.toSorted()) texts.push(await readFile(join(from, file), 'utf8'));
  }
  await writeFile(path, withoutMissingImages(texts.join('\n---\n')));
  return path;
}
