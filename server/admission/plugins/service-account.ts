import type { Clock, Random } from '../../../api/clock.ts';
import { isPathSegmentName } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';
import { ephemeralSecretProblem, referencesSecrets, secretProblem } from './service-account-secrets.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type PodSpec = Api<'io.k8s.api.core.v1.PodSpec'>;
type Volume = Api<'io.k8s.api.core.v1.Volume'>;
type ServiceAccount = Api<'io.k8s.api.core.v1.ServiceAccount'>;

const mirrorAnnotation = 'kubernetes.io/config.mirror';
const enforceAnnotation = 'kubernetes.io/enforce-mountable-secrets';
const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** One hour and a little: the kubelet asks for a new token in time, and its end is only warned about for a year. */
const tokenSeconds = 3607;
const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';
/** The account `default` appears soon after its namespace: it is waited for as long as upstream does. */
const defaultAccountAttempts = 10;
const minWaitMs = 100;

export interface ServiceAccountDeps {
  readonly reader: ClusterReader;
  readonly random: Pick<Random, 'next'>;
  readonly clock: Pick<Clock, 'after'>;
}

/** Gives each pod an account, its token and its pull secrets. */
export function createServiceAccountAdmission(deps: ServiceAccountDeps): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    handles: ({ resource, group, subresource, operation, object }) =>
      resource === 'pods' &&
      group === '' &&
      object !== undefined &&
      ((operation === 'CREATE' && subresource === '') ||
        (operation === 'UPDATE' && subresource === 'ephemeralcontainers')),
    mutate: (request) => (request.operation === 'CREATE' ? admitPod(request, deps) : undefined),
    validate: (request) => validatePod(request, deps.reader),
  };
}

function podOf(request: AdmissionRequest): { readonly pod: Pod; readonly spec: PodSpec } {
  const pod = (request.object ?? {}) as Pod;
  pod.spec ??= {};
  return { pod, spec: pod.spec };
}

function isMirror(pod: Readonly<Pod>): boolean {
  return pod.metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

function admitPod(request: AdmissionRequest, deps: ServiceAccountDeps): void | Promise<void> {
  const { pod, spec } = podOf(request);
  if (isMirror(pod)) return validateMirror(request, spec);
  const name = spec.serviceAccountName || 'default';
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
  const account = deps.reader.get<ServiceAccount>('serviceaccounts', request.namespace, name);
  if (account !== undefined) return useAccount(request, spec, account, deps);
  if (name !== 'default') throw missingAccount(request, name);
  return waitForDefault(request, deps).then((found) => useAccount(request, spec, found, deps));
}

async function waitForDefault(request: AdmissionRequest, deps: ServiceAccountDeps): Promise<Readonly<ServiceAccount>> {
  const waitMs = minWaitMs + deps.random.next() * minWaitMs;
  for (let attempt = 1; attempt < defaultAccountAttempts; attempt++) {
    await new Promise<void>((resolve) => {
      deps.clock.after(waitMs, resolve);
    });
    const account = deps.reader.get<ServiceAccount>('serviceaccounts', request.namespace, 'default');
    if (account !== undefined) return account;
  }
  throw missingAccount(request, 'default');
}

function missingAccount(request: AdmissionRequest, name: string): Error {
  const quoted = JSON.stringify(name);
  const problems = isPathSegmentName(name);
  const why =
    problems.length === 0
      ? `serviceaccount ${quoted} not found`
      : `invalid resource name ${quoted}: [${problems.join(' ')}]`;
  return forbiddenByAdmission(request, `error looking up service account ${request.namespace}/${name}: ${why}`);
}

function useAccount(
  request: AdmissionRequest,
  spec: PodSpec,
  account: Readonly<ServiceAccount>,
  deps: ServiceAccountDeps,
): void {
  const automount = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
  if (automount) mountToken(spec, deps.random);
  const pullSecrets = account.imagePullSecrets ?? [];
  if ((spec.imagePullSecrets ?? []).length === 0 && pullSecrets.length > 0) {
    spec.imagePullSecrets = pullSecrets.map(({ name = '' }) => ({ name }));
  }
  limitSecrets(request, spec, account);
}

function mountToken(spec: PodSpec, random: Pick<Random, 'next'>): void {
  const present = spec.volumes?.find(({ name = '' }) => name.startsWith(volumePrefix));
  const name = present?.name ?? volumePrefix + suffix(random);
  let mounted = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    container.volumeMounts ??= [];
    if (container.volumeMounts.some((mount) => mount.mountPath === mountPath)) continue;
    container.volumeMounts.push({ name, readOnly: true, mountPath });
    mounted = true;
  }
  if (!mounted || present !== undefined) return;
  spec.volumes ??= [];
  spec.volumes.push(tokenVolume(name));
}

function suffix(random: Pick<Random, 'next'>): string {
  let text = '';
  while (text.length < 5) text += suffixAlphabet[Math.floor(random.next() * suffixAlphabet.length)] ?? '';
  return text;
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        {
          downwardAPI: {
            items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
          },
        },
      ],
      defaultMode: 0o644,
    },
  };
}

function validatePod(request: AdmissionRequest, reader: ClusterReader): void {
  const { pod, spec } = podOf(request);
  if (request.operation === 'CREATE' && isMirror(pod)) {
    validateMirror(request, spec);
    return;
  }
  const { serviceAccountName: name } = spec;
  if (!name) {
    throw forbiddenByAdmission(
      request,
      `no service account specified for pod ${request.namespace}/${pod.metadata?.name ?? ''}`,
    );
  }
  const account = reader.get<ServiceAccount>('serviceaccounts', request.namespace, name);
  if (account === undefined) throw missingAccount(request, name);
  limitSecrets(request, spec, account);
}

/** Pods of a kubelet's own disk reach the API only as images: they may hold nothing of it. */
function validateMirror(request: AdmissionRequest, spec: Readonly<PodSpec>): void {
  if (spec.serviceAccountName) throw forbiddenByAdmission(request, 'a mirror pod may not reference service accounts');
  if (referencesSecrets(spec)) throw forbiddenByAdmission(request, 'a mirror pod may not reference secrets');
  const sources = (spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []);
  if (sources.every(({ serviceAccountToken }) => serviceAccountToken === undefined)) return;
  throw forbiddenByAdmission(request, 'a mirror pod may not use ServiceAccountToken volume projections');
}

function limitSecrets(request: AdmissionRequest, spec: Readonly<PodSpec>, account: Readonly<ServiceAccount>): void {
  const enforced = /^(?:1|t|T|true|TRUE|True)$/.test(account.metadata?.annotations?.[enforceAnnotation] ?? '');
  if (!enforced) return;
  const isCreate = request.operation === 'CREATE';
  const problem = isCreate ? secretProblem(spec, account) : ephemeralSecretProblem(spec, account);
  if (problem === undefined) return;
  // Upstream answers the ephemeral case with a bare error, which reaches the client as one of the server.
  throw isCreate ? forbiddenByAdmission(request, problem) : new StatusError('', problem, { code: 500 });
}
