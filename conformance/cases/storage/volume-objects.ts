import type { CaseContext, Expected } from '../../runner/context.ts';
import { valueAt } from '../../tables-runner/path.ts';

export const volumesPath = '/api/v1/persistentvolumes';
export const classesPath = '/apis/storage.k8s.io/v1/storageclasses';

export async function claimsPath(c: CaseContext): Promise<string> {
  return `/api/v1/namespaces/${await c.namespace()}/persistentvolumeclaims`;
}

/** A class of the case's own, so that no volume of another is taken. */
export function classOf(c: CaseContext): string {
  return `${c.rand}-class`;
}

interface VolumeOptions {
  readonly size?: string;
  readonly modes?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: object;
}

/** Made, and free. */
export async function volume(c: CaseContext, suffix: string, options: VolumeOptions = {}): Promise<string> {
  const { size = '1Gi', modes = ['ReadWriteOnce'], labels, spec = {} } = options;
  const name = `${c.rand}-${suffix}`;
  const body = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, ...(labels === undefined ? {} : { labels }) },
    spec: {
      capacity: { storage: size },
      accessModes: modes,
      storageClassName: classOf(c),
      persistentVolumeReclaimPolicy: 'Retain',
      ...('csi' in spec ? {} : { hostPath: { path: `/tmp/${name}` } }),
      ...spec,
    },
  };
  await c.post(volumesPath, body, { has: { 'metadata.name': name } });
  await becomes(c, `${volumesPath}/${name}`, { 'status.phase': 'Available' });
  return name;
}

interface ClaimOptions {
  readonly size?: string;
  readonly modes?: readonly string[];
  readonly spec?: object;
}

export async function claim(c: CaseContext, name: string, options: ClaimOptions = {}): Promise<string> {
  const { size = '1Gi', modes = ['ReadWriteOnce'], spec = {} } = options;
  const body = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: { accessModes: modes, storageClassName: classOf(c), resources: { requests: { storage: size } }, ...spec },
  };
  const path = await claimsPath(c);
  await c.post(path, body, { has: { 'metadata.name': name, 'status.phase': 'Pending' } });
  return `${path}/${name}`;
}

function holds(actual: unknown, expected: unknown): boolean {
  if (expected instanceof RegExp) return expected.test(String(actual));
  if (typeof expected === 'function') return (expected as (value: unknown) => unknown)(actual) === true;
  return JSON.stringify(actual) === JSON.stringify(expected);
}

/** Waits for it, longer than most: some controllers look again only each 15 s. */
export async function becomes(c: CaseContext, path: string, has: Expected, tries = 4): Promise<void> {
  const check = async (): Promise<boolean> => {
    const { body, status } = await c.get(path, { unstable: true, status: [200, 404] });
    return status === 200 && Object.entries(has).every(([at, expected]) => holds(valueAt(body, at), expected));
  };
  for (let i = 1; i < tries; i++) {
    try {
      return await c.eventually(`${path} ${Object.keys(has).join(', ')}`, check);
    } catch {
      // Once more.
    }
  }
  await c.get(path, { has });
}

export async function goes(c: CaseContext, path: string): Promise<void> {
  await c.eventually(`${path} to go`, async () => {
    return (await c.get(path, { unstable: true, status: [200, 404] })).status === 404;
  });
  await c.get(path, { status: 404, has: { reason: 'NotFound' } });
}

/** An event about an object of the case's namespace, or, of what has none, in `default`. */
export async function tells(c: CaseContext, about: string, reason: string, message: string | RegExp): Promise<void> {
  const own = await c.namespace();
  const path = (namespace: string): string =>
    `/api/v1/namespaces/${namespace}/events?fieldSelector=${encodeURIComponent(`involvedObject.name=${about},reason=${reason}`)}`;
  let told: string[] = [];
  const check = async (): Promise<boolean> => {
    told = [];
    for (const namespace of [own, 'default']) {
      const { body } = await c.get(path(namespace), { unstable: true });
      told.push(...(body as { items: { message: string }[] }).items.map((event) => event.message));
    }
    return told.some((text) => holds(text, message));
  };
  for (let i = 0; i < 3; i++) {
    try {
      return await c.eventually(`event ${reason} of ${about}`, check);
    } catch {
      // Once more.
    }
  }
  c.equal(told, [message], `messages of ${reason} about ${about}`);
}
