import type { ApiClient } from '../../../api/client.ts';
import { semanticEqual } from '../../../api/equal.ts';
import type { Api, GroupVersionResource } from '../../../api/object.ts';
import { type ControllerDefinition, startReconciling } from '../../framework/controller.ts';
import { retryOnConflict } from '../../framework/retry-on-conflict.ts';
import type { LegacyTokenSubject } from '../../framework/signing.ts';
import { unlessMissing, unlessOvertaken } from '../../framework/status-cause.ts';
import { WorkQueue } from '../../framework/work-queue.ts';

export type Secret = Readonly<Api<'io.k8s.api.core.v1.Secret'>>;
export type ServiceAccount = Readonly<Api<'io.k8s.api.core.v1.ServiceAccount'>>;

export const secrets: GroupVersionResource = { group: '', version: 'v1', resource: 'secrets' };
export const serviceAccounts: GroupVersionResource = { group: '', version: 'v1', resource: 'serviceaccounts' };
export const tokenSecretsOnly = { fieldSelector: 'type=kubernetes.io/service-account-token' };
export const accountNameAnnotation = 'kubernetes.io/service-account.name';
export const accountUidAnnotation = 'kubernetes.io/service-account.uid';
const controllerName = 'serviceaccount-token-controller';
const workers = 5;

/** The Secret with its token, the CA and the namespace; undefined when it has them. */
export function filled(
  secret: Secret,
  account: ServiceAccount,
  rootCA: string,
  sign: (subject: LegacyTokenSubject) => string,
): Secret | undefined {
  const { name: secretName = '', namespace = '' } = secret.metadata ?? {};
  const { name = '', uid = '' } = account.metadata ?? {};
  const old = (secret.data ?? {}) as Readonly<Record<string, string>>;
  const data = {
    ...old,
    ...(rootCA === '' ? {} : { 'ca.crt': btoa(rootCA) }),
    namespace: old['namespace'] || btoa(namespace),
    token: old['token'] || btoa(sign({ namespace, name, uid, secretName })),
  };
  if (semanticEqual(data, old)) return undefined;
  const annotations = {
    ...secret.metadata?.annotations,
    [accountNameAnnotation]: name,
    [accountUidAnnotation]: uid,
  };
  return { ...secret, metadata: { ...secret.metadata, annotations }, data };
}

/** The account does not name the Secret any more. */
async function forgetReference(client: ApiClient, namespace: string, name: string, secret: string): Promise<void> {
  await retryOnConflict(async () => {
    const account = await unlessMissing(client.get<ServiceAccount>(serviceAccounts, namespace, name));
    if (account?.secrets?.some((one) => one.name === secret) !== true) return;
    const rest = account.secrets.filter((one) => one.name !== secret);
    await unlessMissing(client.update(serviceAccounts, namespace, { ...account, secrets: rest }));
  });
}

/** Secrets of type kubernetes.io/service-account-token have a token as long as their ServiceAccount lives. */
export const tokenSecretController: ControllerDefinition = {
  name: controllerName,
  start: (context, signal) => {
    const { client, clock, informers, options } = context;
    const queue = new WorkQueue(clock);
    const sign = options.signing?.signLegacyToken;
    if (sign === undefined) return { name: controllerName, queues: [], ended: Promise.resolve() };
    const secretInformer = informers.of<Secret>(secrets, tokenSecretsOnly);
    const accountInformer = informers.of<ServiceAccount>(serviceAccounts);
    const keyOfSecret = ({ metadata = {} }: Secret): string => {
      const { namespace = '', name = '', annotations } = metadata;
      return `${namespace}/${name}/${annotations?.[accountNameAnnotation] ?? ''}`;
    };
    const enqueue = (secret: Secret): void => queue.add(keyOfSecret(secret));
    secretInformer.index('account', ({ metadata }) => [
      `${metadata?.namespace}/${metadata?.annotations?.[accountNameAnnotation]}`,
    ]);
    secretInformer.subscribe({ added: enqueue, updated: enqueue, deleted: enqueue });
    const enqueueSecretsOf = ({ metadata }: ServiceAccount): void => {
      for (const secret of secretInformer.by('account', `${metadata?.namespace}/${metadata?.name}`)) enqueue(secret);
    };
    accountInformer.subscribe({ added: enqueueSecretsOf, deleted: enqueueSecretsOf });

    /** The account that a Secret means: by uid, where it says one. */
    const accountOf = async ({ metadata }: Secret): Promise<ServiceAccount | undefined> => {
      const { namespace = '', annotations = {} } = metadata ?? {};
      const name = annotations[accountNameAnnotation] ?? '';
      const uid = annotations[accountUidAnnotation] ?? '';
      const isMeant = (account: ServiceAccount | undefined): boolean =>
        account !== undefined && (uid === '' || account.metadata?.uid === uid);
      const known = accountInformer.get(`${namespace}/${name}`);
      if (isMeant(known)) return known;
      const live = await unlessMissing(client.get<ServiceAccount>(serviceAccounts, namespace, name));
      return isMeant(live) ? live : undefined;
    };

    const reconcile = async (key: string): Promise<void> => {
      const [namespace = '', name = '', accountName = ''] = key.split('/');
      if (accountName === '') return;
      const secret = secretInformer.get(`${namespace}/${name}`);
      if (secret === undefined) {
        await forgetReference(client, namespace, accountName, name);
        return;
      }
      const account = await accountOf(secret);
      // Whoever changes it meanwhile tells us.
      if (account === undefined) {
        const { uid = '' } = secret.metadata ?? {};
        await unlessOvertaken(client.delete(secrets, namespace, name, { preconditions: { uid } }));
        return;
      }
      const full = filled(secret, account, options.rootCA, sign);
      if (full !== undefined) await unlessOvertaken(client.update(secrets, namespace, full));
    };
    return startReconciling(
      { name: controllerName, workers, informers: [secretInformer, accountInformer], queue, reconcile },
      context,
      signal,
    );
  },
};
