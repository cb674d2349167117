import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { stringify } from 'yaml';
import type { AttachOptions } from './options.ts';
import { type Started, start } from './processes.ts';
import { ensurePrograms, ensureStages, programPath, UsageError } from './programs.ts';

/** Starts the scheduler, the controller manager and simulated nodes against any API server. */
export async function attach(
  runFolder: string,
  kubeconfig: string,
  options: AttachOptions,
  controllerManagerFlags: readonly string[],
): Promise<Started[]> {
  const config = `--kubeconfig=${resolve(kubeconfig)}`;
  // They serve nothing: no ports to collide.
  const client = [config, '--leader-elect=false', '--secure-port=0'];
  const started: Started[] = [];
  if (options.controllers !== undefined) {
    await ensurePrograms(['kube-controller-manager']);
    const list = options.controllers === 'all' ? '*' : options.controllers;
    const flags = [...client, `--controllers=${list}`, ...controllerManagerFlags];
    started.push(start(runFolder, 'kube-controller-manager', flags));
  }
  if (options.scheduler) {
    await ensurePrograms(['kube-scheduler']);
    started.push(start(runFolder, 'kube-scheduler', client));
  }
  if (options.kwokNodes > 0) {
    await ensurePrograms(['kwok', 'kubectl']);
    const stages = await ensureStages();
    const names = Array.from({ length: options.kwokNodes }, (_, index) => `node-${index}`);
    await kubectl(
      config,
      ['apply', '-f', '-'],
      stringify({ apiVersion: 'v1', kind: 'List', items: names.map(nodeNamed) }),
    );
    const flags = ['--manage-all-nodes=false', '--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake'];
    const network = ['--node-ip=127.0.0.1', '--cidr=10.244.0.0/16', '--node-lease-duration-seconds=40'];
    started.push(start(runFolder, 'kwok', [config, ...flags, ...network, `--config=${stages}`]));
    await kubectl(
      config,
      ['wait', '--for=condition=Ready', '--timeout=60s', ...names.map((name) => `node/${name}`)],
      '',
    );
    // New nodes are tainted as not ready until the node life cycle controller looks at them, and it need not be there.
    for (const name of names) {
      await kubectl(config, ['taint', 'node', name, 'node.kubernetes.io/not-ready:NoSchedule-'], '').catch(
        ignoreUntainted,
      );
    }
  }
  for (const program of started) program.check();
  return started;
}

function ignoreUntainted(error: unknown): void {
  if (!(error instanceof UsageError && /taint .* not found/.test(error.message))) throw error;
}

function nodeNamed(name: string): object {
  const resources = { cpu: '16', memory: '64Gi', pods: '500', 'ephemeral-storage': '100Gi' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
    },
    status: { allocatable: resources, capacity: resources },
  };
}

function kubectl(config: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((settle, reject) => {
    const child = spawn(programPath('kubectl'), [config, ...args], { stdio: 'pipe' });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) settle(out);
      else reject(new UsageError(`kubectl ${args[0]}: ${err.trim()}`));
    });
    child.stdin.end(input);
  });
}
