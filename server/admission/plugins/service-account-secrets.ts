import type { Api } from '../../../api/object.ts';

type PodSpec = Readonly<Api<'io.k8s.api.core.v1.PodSpec'>>;
type ServiceAccount = Readonly<Api<'io.k8s.api.core.v1.ServiceAccount'>>;
type Secretive = Readonly<Pick<Api<'io.k8s.api.core.v1.Container'>, 'name' | 'env' | 'envFrom'>>;

/** Every place of a pod from which a Secret's name may be read. */
export function referencesSecrets(spec: PodSpec): boolean {
  if ((spec.imagePullSecrets ?? []).length > 0) return true;
  const containers: Secretive[] = [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
  const inContainers = containers.some(
    ({ env = [], envFrom = [] }) =>
      envFrom.some(({ secretRef }) => secretRef !== undefined) ||
      env.some(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined),
  );
  return inContainers || (spec.volumes ?? []).some(volumeReferencesSecret);
}

function volumeReferencesSecret(volume: NonNullable<PodSpec['volumes']>[number]): boolean {
  const { azureFile, secret, projected, cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos, csi } = volume;
  if (azureFile !== undefined || secret !== undefined) return true;
  if ((projected?.sources ?? []).some((source) => source.secret !== undefined)) return true;
  if (csi?.nodePublishSecretRef !== undefined) return true;
  return [cephfs, cinder, flexVolume, rbd, scaleIO, iscsi, storageos].some((source) => source?.secretRef !== undefined);
}

function containerProblem(
  kind: string,
  container: Secretive,
  allowed: ReadonlySet<string>,
  account: string,
): string | undefined {
  const because = `is not allowed because service account ${account} does not reference that secret`;
  for (const { name = '', valueFrom } of container.env ?? []) {
    const secret = valueFrom?.secretKeyRef?.name ?? '';
    if (valueFrom?.secretKeyRef === undefined || allowed.has(secret)) continue;
    return `${kind} ${container.name} with envVar ${name} referencing secret.secretName="${secret}" ${because}`;
  }
  for (const { secretRef } of container.envFrom ?? []) {
    const secret = secretRef?.name ?? '';
    if (secretRef === undefined || allowed.has(secret)) continue;
    return `${kind} ${container.name} with envFrom referencing secret.secretName="${secret}" ${because}`;
  }
  return undefined;
}

function firstProblem(
  kind: string,
  containers: readonly Secretive[] | undefined,
  account: ServiceAccount,
): string | undefined {
  const allowed = new Set((account.secrets ?? []).map(({ name = '' }) => name));
  for (const container of containers ?? []) {
    const problem = containerProblem(kind, container, allowed, account.metadata?.name ?? '');
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The first Secret that a pod uses although its account, which limits them, does not list it. */
export function secretProblem(spec: PodSpec, account: ServiceAccount): string | undefined {
  const allowed = new Set((account.secrets ?? []).map(({ name = '' }) => name));
  const name = account.metadata?.name ?? '';
  for (const { secret } of spec.volumes ?? []) {
    const secretName = secret?.secretName ?? '';
    if (secret === undefined || allowed.has(secretName)) continue;
    const what = `volume with secret.secretName="${secretName}"`;
    return `${what} is not allowed because service account ${name} does not reference that secret`;
  }
  const problem =
    firstProblem('init container', spec.initContainers, account) ?? firstProblem('container', spec.containers, account);
  if (problem !== undefined) return problem;
  const pullSecrets = new Set((account.imagePullSecrets ?? []).map((secret) => secret.name ?? ''));
  const at = (spec.imagePullSecrets ?? []).findIndex((secret) => !pullSecrets.has(secret.name ?? ''));
  if (at < 0) return undefined;
  const pulled = `imagePullSecrets[${at}].name="${spec.imagePullSecrets?.[at]?.name ?? ''}"`;
  return `${pulled} is not allowed because service account ${name} does not reference that imagePullSecret`;
}

export function ephemeralSecretProblem(spec: PodSpec, account: ServiceAccount): string | undefined {
  return firstProblem('ephemeral container', spec.ephemeralContainers, account);
}
