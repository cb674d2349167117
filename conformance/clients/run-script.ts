import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Known, normaliseOutput } from './normalise-output.ts';
import type { Program } from './programs.ts';
import { type Answer, type Script, type Step, stepsFor } from './script.ts';
import { watchObjects } from './watched-objects.ts';

const run = promisify(execFile);
const stepTimeout = 45_000;

/**
 * Runs a script against the cluster of a kubeconfig. Its shell finds the program by name, `$NS` is a fresh namespace and the current
 * one, `$RAND` a word for names outside it, and nothing of the user's home is read.
 */
export async function runScript(
  script: Script,
  programs: readonly Program[],
  kubeconfig: string,
): Promise<Map<string, Answer>> {
  const folder = await mkdtemp(join(tmpdir(), 'kubefacade-script-'));
  const rand = `z${randomBytes(4).toString('hex')}`;
  const ns = `clients-${rand}`;
  const bin = join(folder, '.bin');
  const env = {
    PATH: [bin, dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: folder,
    KUBECONFIG: join(folder, '.kubeconfig'),
    NS: ns,
    RAND: rand,
    CASES: script.folder,
    TZ: 'UTC',
    LC_ALL: 'C.UTF-8',
  };
  const kubectl = programs.find(({ name }) => name === 'kubectl')?.path;
  try {
    await mkdir(bin);
    for (const { name, path } of programs) await symlink(path, join(bin, name));
    await copyFile(kubeconfig, env.KUBECONFIG);
    for (const [name, content] of Object.entries(script.files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content.replaceAll('{ns}', ns).replaceAll('{rand}', rand), { mode: 0o755 });
    }
    if (kubectl !== undefined) await prepareNamespace(kubectl, ns, env);
    const known: Known = { ns, rand, folder, cases: script.folder, server: await serverOf(kubectl, env) };
    using objects = watchObjects(env.KUBECONFIG, script.objects, { ns, rand });
    const answers = new Map<string, Answer>();
    for (const step of stepsFor(script, versionOf(programs))) {
      const answer = await runStep(step, folder, env, known);
      answers.set(step.id, script.objects.length === 0 ? answer : { ...answer, objects: await objects.changes() });
    }
    return answers;
  } finally {
    if (kubectl !== undefined)
      await run(kubectl, ['delete', 'namespace', ns, '--wait=false'], { env }).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The version that decides is that of the first program: the one the script is about. */
export function versionOf(programs: readonly Program[]): string {
  return programs[0]?.version ?? '0.0';
}

async function prepareNamespace(kubectl: string, ns: string, env: Record<string, string>): Promise<void> {
  await run(kubectl, ['create', 'namespace', ns], { env });
  await run(kubectl, ['config', 'set-context', '--current', `--namespace=${ns}`], { env });
  for (let tries = 0; tries < 100; tries++) {
    const found = await run(kubectl, ['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt'], { env }).then(
      () => true,
      () => false,
    );
    if (found) return;
    await sleep(50);
  }
  throw new Error(`namespace ${ns} did not get its default ServiceAccount within 10 s`);
}

async function serverOf(kubectl: string | undefined, env: Record<string, string>): Promise<string> {
  if (kubectl === undefined) return '';
  const { stdout } = await run(
    kubectl,
    ['config', 'view', '--minify', '--output=jsonpath={.clusters[0].cluster.server}'],
    { env },
  );
  return stdout;
}

async function runStep(step: Step, folder: string, env: Record<string, string>, known: Known): Promise<Answer> {
  // A process group of its own: whatever the shell left behind ends with it.
  const child = spawn('/bin/sh', ['-c', step.run], {
    cwd: folder,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // What it started behind itself would hold the streams open.
  child.on('exit', () => endGroup(child));
  const timer = setTimeout(() => endGroup(child), stepTimeout);
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exitCode(child)]);
  clearTimeout(timer);
  return { code, out: normaliseOutput(out, step, known), err: normaliseOutput(err, step, known) };
}

function exitCode(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? -1));
  });
}

function endGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // Nothing left of it.
  }
}
