import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { metadataErrorsAgain } from './field-checks.ts';

export type ServiceAccount = Api<'io.k8s.api.core.v1.ServiceAccount'>;

const mountableSecrets = 'kubernetes.io/enforce-mountable-secrets';

function keepOnlySecretNames(account: ServiceAccount): void {
  if (account.secrets !== undefined) account.secrets = account.secrets.map(({ name }) => (name ? { name } : {}));
}

function isEnforcing(account: Readonly<ServiceAccount>): boolean {
  return account.metadata?.annotations?.[mountableSecrets] !== undefined;
}

function warnings(account: Readonly<ServiceAccount>): string[] {
  if (!isEnforcing(account)) return [];
  const advice = 'deprecated in v1.32+; prefer separate namespaces to isolate access to mounted secrets';
  return [`metadata.annotations[${mountableSecrets}]: ${advice}`];
}

export const serviceAccountStrategy: Strategy<ServiceAccount> = {
  resource: 'serviceaccounts',
  prepareForCreate: keepOnlySecretNames,
  prepareForUpdate: keepOnlySecretNames,
  validateUpdate: (account) => metadataErrorsAgain(account, 'namespaced'),
  warningsOnCreate: warnings,
  warningsOnUpdate: (account, old) => (isEnforcing(old) ? [] : warnings(account)),
};
