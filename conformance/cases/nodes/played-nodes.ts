import type { CaseContext } from '../../runner/context.ts';

const since = '2026-01-01T00:00:00Z';

/** A node that says of itself what the case lets it say; nothing is scheduled to it. */
export async function playNode(c: CaseContext, labels: Readonly<Record<string, string>> = {}): Promise<string> {
  const name = `${c.rand}-node`;
  await c.post('/api/v1/nodes', { metadata: { name, labels } });
  await say(c, name, { Ready: 'True' });
  return name;
}

export async function say(
  c: CaseContext,
  node: string,
  statuses: Readonly<Record<string, 'True' | 'False' | 'Unknown'>>,
): Promise<void> {
  const conditions = Object.entries(statuses).map(([type, status]) => ({
    type,
    status,
    reason: 'Played',
    lastHeartbeatTime: new Date().toISOString().replace(/\.\d+/, ''),
    lastTransitionTime: since,
  }));
  await c.patch(`/api/v1/nodes/${node}/status`, { status: { conditions } }, { unstable: true });
}

export interface PodPlay {
  readonly ip: string;
  readonly isReady?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A pod that runs on `node`. */
export async function playPod(c: CaseContext, name: string, node: string, play: PodPlay): Promise<string> {
  const { ip, isReady = true, labels = { app: 'played' }, spec = {} } = play;
  const pods = `/api/v1/namespaces/${await c.namespace()}/pods`;
  const containers = [{ name: 'c', image: 'v1', ports: [{ name: 'web', containerPort: 8080 }] }];
  const metadata = { name, labels };
  await c.post(pods, { metadata, spec: { nodeName: node, containers, ...spec } }, { unstable: true });
  const ready = { type: 'Ready', status: isReady ? 'True' : 'False', lastTransitionTime: since };
  const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [ready] };
  await c.patch(`${pods}/${name}/status`, { status }, { unstable: true });
  return `${pods}/${name}`;
}
